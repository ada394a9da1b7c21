"""The manifest: complete, within Slack's limits, minimal in scopes, and filled in for an address or for Socket Mode."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot import manifest

ROOT = Path(__file__).parent.parent
PLACEHOLDER = "casebot.example.com"


def written_and_read_again(filled: manifest.Manifest) -> Any:
    return yaml.safe_load(manifest.written(filled))


def test_every_surface_is_there() -> None:
    features = manifest.read()["features"]

    shortcuts = {(each["type"], each["callback_id"], each["name"]) for each in features["shortcuts"]}
    assert shortcuts == {
        ("global", "new_case", "New case"),
        ("message", "open_case_from_message", "Open a case"),
        ("message", "add_to_case", "Add to a case"),
        ("message", "import_thread", "Import thread"),
    }
    assert [each["command"] for each in features["slash_commands"]] == ["/case"]
    assert features["slash_commands"][0]["should_escape"] is True
    assert features["app_home"]["home_tab_enabled"] is True
    assert features["app_home"]["messages_tab_enabled"] is True
    assert manifest.read()["settings"]["event_subscriptions"]["bot_events"] == ["app_home_opened"]
    assert manifest.read()["settings"]["interactivity"]["is_enabled"] is True


def test_every_text_is_within_the_limits_of_slack() -> None:
    whole = manifest.read()
    display, features = whole["display_information"], whole["features"]

    assert whole["_metadata"]["major_version"] == 2
    assert len(display["name"]) <= 35
    assert len(display["description"]) <= 140
    assert 175 <= len(display["long_description"]) <= 4000
    assert re.fullmatch("#[0-9a-f]{6}", display["background_color"])
    assert len(features["bot_user"]["display_name"]) <= 80
    assert 1 <= len(features["shortcuts"]) <= 10
    for shortcut in features["shortcuts"]:
        assert len(shortcut["name"]) <= 24
        assert len(shortcut["description"]) <= 150
        assert len(shortcut["callback_id"]) <= 255
    for command in features["slash_commands"]:
        assert len(command["command"]) <= 32
        assert len(command["description"]) <= 2000
        assert 0 < len(command["usage_hint"]) <= 1000


def test_the_scopes_are_the_needed_ones_and_no_user_scope_is_asked_for() -> None:
    scopes = manifest.read()["oauth_config"]["scopes"]

    assert list(scopes) == ["bot"]
    assert len(scopes["bot"]) == len(set(scopes["bot"])) <= 255
    assert manifest.bot_scopes() == {
        "commands",
        "chat:write",
        "users:read",
        "users:read.email",
        "channels:history",
        "groups:history",
        "im:history",
        "mpim:history",
    }


def test_the_docs_explain_each_scope_and_no_other() -> None:
    page = (ROOT / "docs" / "slack-scopes.md").read_text(encoding="utf-8")

    explained = re.findall(r"^\| `([^`]+)` \|", page, flags=re.MULTILINE)

    assert sorted(explained) == sorted(manifest.bot_scopes())


def test_the_address_is_filled_in_everywhere() -> None:
    filled = written_and_read_again(manifest.for_http("https://desk.acme.org"))

    address = "https://desk.acme.org/slack/events"
    interactivity = filled["settings"]["interactivity"]
    assert PLACEHOLDER not in manifest.written(filled)
    assert filled["features"]["slash_commands"][0]["url"] == address
    assert filled["settings"]["event_subscriptions"]["request_url"] == address
    assert interactivity["request_url"] == interactivity["message_menu_options_url"] == address
    assert filled["settings"]["socket_mode_enabled"] is False


def test_socket_mode_needs_no_address_and_leaves_the_rest_as_it_is() -> None:
    filled = written_and_read_again(manifest.for_socket_mode())

    assert "https://" not in manifest.written(filled)
    assert filled["settings"]["socket_mode_enabled"] is True
    assert filled["settings"]["interactivity"] == {"is_enabled": True}
    assert filled["features"]["shortcuts"] == manifest.read()["features"]["shortcuts"]
    assert filled["oauth_config"] == manifest.read()["oauth_config"]


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("https://desk.acme.org", "https://desk.acme.org/slack/events"),
        ("https://desk.acme.org/", "https://desk.acme.org/slack/events"),
        (" HTTPS://Desk.Acme.org ", "https://desk.acme.org/slack/events"),
        ("https://desk.acme.org:443", "https://desk.acme.org/slack/events"),
        ("https://desk.acme.org:8443", "https://desk.acme.org:8443/slack/events"),
        ("https://desk.acme.org/slack/events", "https://desk.acme.org/slack/events"),
        ("https://xn--bcher-kva.example/slack/events/", "https://xn--bcher-kva.example/slack/events"),
    ],
)
def test_an_address_is_taken_in_the_forms_people_have_it_in(given: str, address: str) -> None:
    assert manifest.events_address(given) == address


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("http://desk.acme.org", "https addresses only"),
        ("desk.acme.org", "https addresses only"),
        ("https://", "not the name of a host"),
        ("https://localhost", "not the name of a host"),
        ("https://-x.acme.org", "not the name of a host"),
        ("https://desk acme.org", "not the name of a host"),
        ("https://desk.acme.org/casebot", "Give the host alone"),
        ("https://desk.acme.org?x=1", "Give the host alone"),
        ("https://desk.acme.org#top", "Give the host alone"),
        ("https://me:word@desk.acme.org", "user name or password"),
        ("https://desk.acme.org:99999", "not an address"),
        ("https://[desk", "not an address"),
    ],
)
def test_an_address_that_slack_would_not_take_is_refused_in_words(given: str, words: str) -> None:
    with pytest.raises(manifest.BadAddress, match=words):
        manifest.for_http(given)
