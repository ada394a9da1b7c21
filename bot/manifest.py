"""The Slack app's manifest, filled in for one installation. `manifest.yml` in the project's root is its one source."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

import yaml

EVENTS = "/slack/events"

Manifest = dict[str, Any]


class BadAddress(ValueError):
    """The address that Slack shall send to is not of a kind that Slack accepts; the message says why."""


def read() -> Manifest:
    """The manifest as it stands in the source; an installed casebot carries it beside its code."""
    package = files("bot")
    installed = package.joinpath("manifest.yml")
    source = installed if installed.is_file() else package.joinpath("..", "manifest.yml")
    manifest: Manifest = yaml.safe_load(source.read_text(encoding="utf-8"))
    return manifest


def bot_scopes() -> frozenset[str]:
    """The bot scopes that casebot asks for, no more and no fewer."""
    return frozenset(read()["oauth_config"]["scopes"]["bot"])


def for_http(url: str) -> Manifest:
    """For an app that Slack reaches at `url` (`https://host`). Raises BadAddress."""
    address = events_address(url)
    manifest = read()
    for command in manifest["features"]["slash_commands"]:
        command["url"] = address
    settings = manifest["settings"]
    settings["event_subscriptions"]["request_url"] = address
    settings["interactivity"]["request_url"] = address
    settings["interactivity"]["message_menu_options_url"] = address
    return manifest


def for_socket_mode() -> Manifest:
    """For an app that connects to Slack itself: no address anywhere."""
    manifest = read()
    for command in manifest["features"]["slash_commands"]:
        del command["url"]
    settings = manifest["settings"]
    settings["socket_mode_enabled"] = True
    del settings["event_subscriptions"]["request_url"]
    del settings["interactivity"]["request_url"]
    del settings["interactivity"]["message_menu_options_url"]
    return manifest


def written(manifest: Manifest) -> str:
    """As YAML, in the order of the source."""
    return yaml.safe_dump(manifest, sort_keys=False, allow_unicode=True, width=120)


def events_address(url: str) -> str:
    """`https://host` (or what Slack already has, with /slack/events) to the address that Slack sends to. Raises BadAddress."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError as fault:
        raise BadAddress(f"{url} is not an address: {fault}.") from fault
    host = parts.hostname or ""
    if parts.scheme != "https":
        raise BadAddress("Slack sends to https addresses only.")
    if parts.username is not None or parts.password is not None:
        raise BadAddress("The address must not hold a user name or password.")
    if parts.path.rstrip("/") not in ("", EVENTS) or parts.query or parts.fragment:
        raise BadAddress(f"Give the host alone, as in https://casebot.example.com; casebot adds {EVENTS} itself.")
    if not re.fullmatch(r"(?!-)[a-z0-9-]{1,63}(\.(?!-)[a-z0-9-]{1,63})+", host):
        raise BadAddress(f"{host or 'An empty name'} is not the name of a host that Slack can reach.")
    return f"https://{host}{'' if port in (None, 443) else f':{port}'}{EVENTS}"
