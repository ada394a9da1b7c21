"""`casebot demo`, as somebody runs it who has neither a Slack workspace nor a FuseDesk account, nor a terminal, nor a browser."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx


@contextmanager
def demo(*arguments: str) -> Iterator[str]:
    """Runs it until the block ends, and then ends it as Ctrl-C does. Yields the page's address."""
    command = [sys.executable, "-m", "bot", "demo", "--cases", "60", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stderr
        said = []
        for line in process.stdout:
            said.append(line)
            if line.startswith("Ready: "):
                break
        assert said[-1].startswith("Ready: http://127.0.0.1:"), process.stderr.read()
        try:
            yield said[-1].removeprefix("Ready: ").strip()
        except BaseException:
            process.kill()  # a test that failed waits for nothing
            raise
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=60)
        assert errors == ""
        assert "Ended." in rest
        assert process.returncode == 0


def send(url: str, text: str) -> None:
    assert httpx.post(f"{url}/do/send", json={"text": text}).json() == {}


def test_the_demo_says_where_its_page_is_and_ends_when_asked() -> None:
    with demo("--latency", "20ms") as url:
        answer = httpx.get(url)
        send(url, "/case help")

    assert answer.status_code == 200
    assert "Seven things to try" in answer.text


def test_the_demo_keeps_what_was_done_where_it_is_told_to(tmp_path: Path) -> None:
    file = str(tmp_path / "demo.db")
    with demo("--keep", file) as url:
        send(url, "This shall stay")
        changed = {"case": 1003, "what": "note", "value": "Noted in FuseDesk"}
        assert httpx.post(f"{url}/do/change", json=changed).json() == {}
    with demo("--keep", file) as url:
        assert "This shall stay" in httpx.get(url).text
        assert "Noted in FuseDesk" in httpx.get(url, params={"panel": "fusedesk", "case": "1003"}).text
    with demo("--keep", file, "--reset") as url:
        assert "This shall stay" not in httpx.get(url).text


def test_a_file_of_something_else_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear all, this is a letter and no database.\n" * 50, encoding="utf-8")
    command = [sys.executable, "-m", "bot", "demo", "--cases", "5", "--keep", str(file), "--reset"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert ended.returncode == 1
    assert "is no file of the demo" in ended.stderr
    assert file.read_text(encoding="utf-8").startswith("Dear all")


def test_a_port_that_is_taken_is_named() -> None:
    with demo() as url:
        port = url.rpartition(":")[2]
        command = [sys.executable, "-m", "bot", "demo", "--cases", "5", "--port", port]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert ended.returncode == 1
    assert f"Port {port} cannot be had" in ended.stderr
