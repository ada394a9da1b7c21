# syntax=docker/dockerfile:1
# casebot run, nothing else: no compiler, no tests, no simulators, no root.

FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
RUN python -m venv /opt/casebot
COPY requirements.lock ./
RUN /opt/casebot/bin/pip install --no-compile --no-deps --require-hashes --requirement requirements.lock
# The build backend is the locked one too, in a venv that stays behind in this stage.
COPY requirements-dev.lock ./
RUN python -m venv /opt/build && /opt/build/bin/pip install --no-deps --require-hashes --requirement requirements-dev.lock
COPY pyproject.toml README.md manifest.yml ./
COPY bot bot
COPY handlers handlers
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
    && /opt/casebot/bin/pip install --no-compile --no-deps --no-index /wheels/*.whl \
    && /opt/casebot/bin/pip uninstall --yes pip \
    && python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/casebot/lib

FROM python:3.13-slim
RUN groupadd --system --gid 10001 casebot \
    && useradd --system --uid 10001 --gid casebot --home-dir /var/lib/casebot --create-home casebot
COPY --from=build /opt/casebot /opt/casebot
ENV PATH=/opt/casebot/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    HOST=0.0.0.0 \
    PORT=3000 \
    LOG_FORMAT=json \
    DATABASE_URL=sqlite:////var/lib/casebot/casebot.db
USER casebot
WORKDIR /var/lib/casebot
# The SQLite file. With a PostgreSQL in DATABASE_URL nothing is written here.
VOLUME /var/lib/casebot
EXPOSE 3000
# exec: signals reach casebot itself, which then finishes what it has begun.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=3s --start-period=10s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ['PORT'] + '/healthz', timeout=2)"]
ENTRYPOINT ["casebot"]
CMD ["run"]
