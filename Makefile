# casebot: make setup | run | demo | test | coverage | soak | soak-door | lint | bench | pictures | lock | clean
# Needs make, git and any Python from 3.11 on; everything else is put into .venv.
#   make setup PYTHON=python3.13 VENV=.venv313     another Python, beside the first
#   make test ARGS="-k transfer -x"                anything pytest takes
#   make bench ONLY=door                           how fast, beside its rivals; all of it, nine minutes, without ONLY

VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
ARGS ?=
ONLY ?=
UPGRADE ?=
UV_COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header $(UPGRADE)

ifndef PYTHON
PYTHON = $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo "$$python"; break; fi; done)
endif

.DEFAULT_GOAL := help
.PHONY: help setup run demo test coverage soak soak-door lint bench pictures lock clean

help:
	@sed -n '1,5s/^# *//p' Makefile

setup: $(STAMP)

$(STAMP): requirements-dev.lock pyproject.toml
	@test -x $(BIN)/python || test -n "$(PYTHON)" || { echo "casebot needs Python 3.11 or later; give one: make setup PYTHON=…" >&2; exit 1; }
	@echo "Installing casebot and its tools into $(VENV), about half a minute …"
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

run: setup
	$(BIN)/python -m bot run

demo: setup
	$(BIN)/python -m bot demo $(ARGS)

test: setup
	$(BIN)/python -m pytest $(ARGS)

coverage: setup
	$(BIN)/python -m pytest --cov --cov-report=term-missing $(ARGS)

# KILLS random kills of a casebot that writes, a quarter of an hour; SEED=2 makes others.
KILLS ?= 1000
soak: setup
	$(BIN)/python -m tests.soak_kills $(KILLS) $(SEED)

# COUNT mutated requests for a real process; SEED=2 makes others.
COUNT ?= 100000
SEED ?= 1
soak-door: setup
	$(BIN)/python -m tests.soak_door $(COUNT) $(SEED)

lint: setup
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy

# Takes docs/pictures/ anew, from the running demo. Needs Debian's chromium and fonts-noto-color-emoji.
pictures: setup
	$(BIN)/python -m simulator.pictures

bench: setup
	$(BIN)/python -m bench $(ONLY)

# Writes both locks anew: `make lock` after a change of pyproject.toml, `make lock UPGRADE=--upgrade` for newer releases.
lock: setup
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(UV_COMPILE) pyproject.toml --output-file requirements.lock
	$(UV_COMPILE) pyproject.toml --extra dev --constraint requirements.lock --output-file requirements-dev.lock

clean:
	rm -rf $(VENV) .venv313 .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage htmlcov dist build bench/results.json bench/rivals/bolt_js/node_modules
	find bot handlers simulator tests bench -name __pycache__ -type d -prune -exec rm -rf {} +
