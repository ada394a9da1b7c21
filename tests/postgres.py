"""A PostgreSQL of the tests' own: a throw-away cluster on loopback, one for each run, where its programs are installed.

PostgreSQL refuses to run as root; then it runs as a user that the machine has for such things.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from sqlalchemy import create_engine, text

USER, PASSWORD = "casebot", "pg-s3cret"
_USERS = ("postgres", "nobody", "daemon")
# Nothing here has to survive a power cut. A crash of its own it does survive: that takes synchronous_commit.
_FAST = "-c fsync=off -c full_page_writes=off -c max_connections=200"

NOT_INSTALLED = "PostgreSQL's initdb was found neither on the PATH nor in /usr/lib/postgresql"

Fresh = Callable[[], str]
Stop = Literal["immediate", "fast"]


def _programs() -> Path | None:
    """The directory of initdb and pg_ctl; the newest where several are installed."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return places[-1].parent if places else None


def _somebody() -> dict[str, object]:
    """What makes a child run as somebody else than root, as arguments of subprocess.run."""
    if os.geteuid() != 0:
        return {}
    known = {each.pw_name: each for each in pwd.getpwall()}
    somebody = next(known[name] for name in _USERS if name in known)
    return {"user": somebody.pw_uid, "group": somebody.pw_gid, "extra_groups": []}


def _free_port() -> int:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


class Cluster:
    def __init__(self, programs: Path, place: Path) -> None:
        self._programs = programs
        self._place = place
        self._as = _somebody()
        self._numbers = itertools.count(1)
        self.port = _free_port()
        (place / "password").write_text(PASSWORD)
        if self._as:
            for path in (place, place / "password"):
                os.chown(path, int(str(self._as["user"])), int(str(self._as["group"])))

    def _run(self, program: str, *arguments: str) -> None:
        # A file, because the server inherits it: a pipe would never end.
        with (self._place / "told").open("ab") as told:
            done = subprocess.run(
                [str(self._programs / program), "-D", str(self._place / "data"), *arguments],
                cwd=self._place,
                stdin=subprocess.DEVNULL,
                stdout=told,
                stderr=subprocess.STDOUT,
                check=False,
                **self._as,  # type: ignore[call-overload]
            )
        if done.returncode:
            raise RuntimeError((self._place / "told").read_text(errors="replace"))

    def make(self) -> None:
        secret = ["--auth=scram-sha-256", "--pwfile", str(self._place / "password")]
        self._run("initdb", *secret, "--username", USER, "--encoding=UTF8", "--locale=C", "--no-sync")
        self.start()

    def start(self) -> None:
        """Also after a crash: then it puts its tables right first."""
        options = f"{_FAST} -c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories={self._place}"
        self._run("pg_ctl", "-w", "-l", str(self._place / "log"), "-o", options, "start")

    def stop(self, how: Stop = "immediate") -> None:
        """`immediate` is a crash: nothing is said to whoever is connected. `fast` is a restart: everybody is told to go."""
        self._run("pg_ctl", "-w", "-m", how, "stop")

    def fresh(self) -> str:
        """The address of an empty database."""
        name = f"casebot_{next(self._numbers)}"
        engine = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        return self.url(name)

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"


@contextmanager
def cluster() -> Iterator[Cluster | None]:
    """A running PostgreSQL; None where it is not installed."""
    programs = _programs()
    if programs is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="casebot-pg-") as place:
        made = Cluster(programs, Path(place))
        made.make()
        try:
            yield made
        finally:
            made.stop()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Fresh]:
    """Makes an empty database for each call, and returns its address; skips the test where PostgreSQL is not installed."""
    with cluster() as made:
        if made is None:
            pytest.skip(NOT_INSTALLED)
        yield made.fresh


def user_of(url: str, *granted: str) -> str:
    """The address for a user who has next to no rights there, after what its owner said: {user} is the user's name."""
    engine = create_engine(url)
    user, database = f"user_of_{engine.url.database}", engine.url.database
    with engine.begin() as connection:
        for said in (f"CREATE USER {user} PASSWORD '{PASSWORD}'", *granted):
            connection.execute(text(said.format(user=user, database=database)))
    engine.dispose()
    return engine.url.set(username=user).render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database: of SQLite always, of PostgreSQL where it can be started."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/casebot.db"
    fresh: Fresh = request.getfixturevalue("postgresql")
    return fresh()
