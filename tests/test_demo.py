"""`casebot demo`, as somebody runs it who has neither a Slack workspace nor a FuseDesk account."""

from __future__ import annotations

import subprocess
import sys


def demo(*typed: str, arguments: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bot", "demo", "--cases", "60", *arguments]
    return subprocess.run(command, input="\n".join(typed), capture_output=True, text=True, timeout=120, check=False)


def test_the_demo_shows_a_conversation_and_then_obeys_typed_lines() -> None:
    ended = demo("help", "as olu", "1003", "press Share", "press Nothing", "as nobody", "/case close 1003", "quit")

    assert ended.stderr == ""
    assert ended.returncode == 0
    for seen in (
        "modal before Jane Doe: Open a case",
        "Jane Doe opened a case",
        "Cases of jane@example.com",
        "modal before Olu Adeyemi: Transfer",
        "Olu Adeyemi transferred",
        'There is no verb "trasnfer"',
        "FuseDesk cases, from Slack",
        "Shared by Olu Adeyemi",
        "That cannot be done",
        "Olu Adeyemi closed",
    ):
        assert seen in ended.stdout


def test_the_demo_ends_with_its_input_and_takes_its_options() -> None:
    ended = demo(arguments=("--latency", "20ms", "--port", "0"))

    assert ended.stderr == ""
    assert ended.returncode == 0
    assert "Olu Adeyemi transferred" in ended.stdout
