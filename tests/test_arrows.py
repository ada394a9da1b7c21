"""Who may import whom, and who may read the environment. Read from the source, so that no import has to run."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODELS = ("bot/fusedesk/models.py", "bot/fusedesk/errors.py", "bot/errors.py", "bot/settings.py", "bot/cases.py", "bot/audit.py")
PURE = ("bot/cards", *MODELS)
LANGUAGE = tuple(
    f"bot/{name}.py" for name in ("language", "operations", "rendering", "lines", "keys", "tokens", "dates", "values", "verbs")
)
SQL = {"sqlite3", "sqlalchemy", "alembic", "psycopg", "asyncpg", "aiosqlite"}
OUTSIDE = {"httpx", "httpcore", "aiohttp", "slack_bolt", "slack_sdk"} | SQL
ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "putenv"}


def sources(*under: str) -> list[Path]:
    """The Python files at or below the paths given, as paths from the root."""
    found: list[Path] = []
    for place in (ROOT / each for each in under):
        found += sorted(place.rglob("*.py")) if place.is_dir() else [place] if place.is_file() else []
    return [path.relative_to(ROOT) for path in found]


def tree_of(path: Path) -> ast.Module:
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


def imported(tree: ast.AST, package: tuple[str, ...] = ()) -> set[str]:
    """The full names of all modules and names that a tree imports, wherever in it; `package` resolves relative ones."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            names |= {f"{module}.{alias.name}" for alias in node.names} | {module}
    return names


def roots_of(path: Path) -> set[str]:
    """The top-level packages that a file imports."""
    return {name.partition(".")[0] for name in imported(tree_of(path), path.parent.parts)}


def functions_importing(path: Path, package: str) -> set[str]:
    """The functions of a file whose bodies import from `package`; `""` stands for the module's own level."""
    tree = tree_of(path)
    inside = {
        node.name: node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and package in {name.partition(".")[0] for name in imported(node)}
    }
    level = ast.Module([node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)], [])
    return set(inside) | ({""} if package in {name.partition(".")[0] for name in imported(level)} else set())


def reads_environment(tree: ast.AST) -> bool:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ENVIRONMENT:
            return True
        if isinstance(node, ast.ImportFrom) and node.module == "os" and ENVIRONMENT & {alias.name for alias in node.names}:
            return True
    return bool({"dotenv"} & {name.partition(".")[0] for name in imported(tree)})


def test_there_is_something_to_look_at() -> None:
    assert len(sources("bot")) > 10
    assert Path("bot/cards/message.py") in sources(*PURE)


@pytest.mark.parametrize("path", sources("bot"), ids=str)
def test_the_case_desk_does_not_know_its_listeners(path: Path) -> None:
    if path != Path("bot/app.py"):
        assert "handlers" not in roots_of(path)


def test_at_most_one_function_brings_in_the_listeners() -> None:
    assembling = [name for path in sources("bot/app.py") for name in functions_importing(path, "handlers")]

    assert len(assembling) <= 1


@pytest.mark.parametrize("path", sources("bot", "handlers"), ids=str)
def test_nothing_that_is_shipped_needs_the_simulator_but_the_demo_command(path: Path) -> None:
    needing = functions_importing(path, "simulator")

    assert needing == ({"demo"} if path == Path("bot/__main__.py") else set())


@pytest.mark.parametrize("path", sources("bot", "handlers", "simulator"), ids=str)
def test_tests_and_benchmarks_are_imported_by_nobody(path: Path) -> None:
    assert not {"tests", "bench"} & roots_of(path)


@pytest.mark.parametrize("path", sources(*PURE, *LANGUAGE), ids=str)
def test_cards_models_errors_settings_and_the_language_stay_pure(path: Path) -> None:
    assert not OUTSIDE & roots_of(path)


@pytest.mark.parametrize("path", sources("handlers"), ids=str)
def test_a_listener_speaks_to_fusedesk_through_the_desk_only(path: Path) -> None:
    assert not ({"httpx"} | SQL) & roots_of(path)


@pytest.mark.parametrize("path", sources("bot", "handlers"), ids=str)
def test_the_environment_is_read_in_the_settings_only(path: Path) -> None:
    if path != Path("bot/settings.py"):
        assert not reads_environment(tree_of(path))


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import httpx.client", {"httpx.client"}),
        ("from httpx import Client", {"httpx", "httpx.Client"}),
        ("def work():\n    import handlers", {"handlers"}),
        ("from . import slack", {"bot.cards", "bot.cards.slack"}),
        ("from ..slack import Slack", {"bot.slack", "bot.slack.Slack"}),
    ],
)
def test_an_import_is_found_in_every_form(source: str, found: set[str]) -> None:
    assert imported(ast.parse(source), ("bot", "cards")) == found


@pytest.mark.parametrize(
    "source", ["import os\nos.environ['X']", "os.getenv('X')", "from os import environ", "from dotenv import load_dotenv"]
)
def test_a_look_at_the_environment_is_found_in_every_form(source: str) -> None:
    assert reads_environment(ast.parse(source))
