"""`casebot doctor`: asks everything that casebot depends on whether it is as it should be, and names the fix where it is not.

Nothing is changed anywhere, and no secret is shown. A check that cannot be made, because one before it failed, says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal
from urllib.parse import urlsplit

import aiohttp
from pydantic import SecretStr
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot import manifest, printing
from bot.directory import Directory
from bot.errors import CaseError, NameRefused
from bot.fusedesk.client import FuseDesk, http_client
from bot.fusedesk.errors import FuseDeskError, KeyRefused, NotFound, RefusedByFuseDesk, Unavailable, Unintelligible
from bot.settings import WHERE, Settings, SettingsError
from bot.standing import standing

FUSEDESK_SCOPES = frozenset({"reps", "departments", "cases", "cases_create", "cases_update", "casetags"})

# Slack refuses signatures older than five minutes, and so does casebot.
SKEW_WARN, SKEW_FAIL = 60, 300
PATIENCE = 10

REINSTALL = "paste what `casebot manifest` prints at api.slack.com/apps > your app > App Manifest, then reinstall the app"
NETWORK = "check the network, the proxy and the address from this machine"
LOOPBACK = {"127.0.0.1", "::1", "localhost"}

SLACK_UNWELL = {"ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}

State = Literal["ok", "warn", "fail", "skipped"]
# With click's names of colours.
SIGNS: dict[State, tuple[str, str]] = {
    "ok": ("✓", "green"),
    "warn": ("!", "yellow"),
    "fail": ("✗", "red"),
    "skipped": ("-", "bright_black"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, how it stands, what was seen there, and what to do about it."""

    what: str
    state: State
    says: str
    fix: str = ""


async def examine(settings: Settings) -> list[Finding]:
    """Every check, those of Slack, FuseDesk and the database at the same time."""
    slack, fusedesk, database = await asyncio.gather(_slack(settings), _fusedesk(settings), _database(settings))
    return [*_settings(settings), database, *slack, *fusedesk]


def unreadable(error: SettingsError) -> list[Finding]:
    """What can be said when the settings are not complete."""
    faults = [Finding(name, "fail", wrong, where) for name, wrong, where in error.problems]
    return [*faults, Finding("Slack, FuseDesk", "skipped", "not asked until the settings are right")]


def failed(findings: Sequence[Finding]) -> bool:
    return any(finding.state == "fail" for finding in findings)


def table(findings: Sequence[Finding], width: int | None = None) -> str:
    """As wide as the terminal where no `width` is given."""
    return printing.table(
        ("", "checked", "found", "what to do"),
        [(SIGNS[finding.state][0], finding.what, finding.says, finding.fix) for finding in findings],
        title="casebot doctor",
        whole=("", "checked"),
        colours=[SIGNS[finding.state][1] for finding in findings],
        width=width,
    )


def _settings(settings: Settings) -> list[Finding]:
    return [_setting(name, getattr(settings, name), given=name in settings.model_fields_set) for name in Settings.model_fields]


def _setting(name: str, value: object, *, given: bool) -> Finding:
    what = name.upper()
    if isinstance(value, SecretStr):
        return Finding(what, "ok", "set (not shown)" if value.get_secret_value() else "not set")
    shown = _without_login(str(value)) or "not set"
    if _in_the_clear(str(value)):
        return Finding(what, "warn", f"{shown}: tokens and customers' texts travel unencrypted", "use an https:// address")
    return Finding(what, "ok", shown if given else f"{shown} (default)")


def _without_login(value: str) -> str:
    """`https://user:word@host/path` without the part that must not be shown."""
    start, found, rest = value.partition("://")
    if not found or "@" not in rest:
        return value
    return f"{start}://…@{rest.rpartition('@')[2]}"


def _in_the_clear(value: str) -> bool:
    if not value.startswith("http://"):
        return False
    return urlsplit(value).hostname not in LOOPBACK


async def _database(settings: Settings) -> Finding:
    what = "database"
    stands = await asyncio.to_thread(standing, settings.database_url.get_secret_value())
    if stands.fault is not None:
        return Finding(what, "fail", stands.fault.why, stands.fault.fix)
    if not stands.exists:
        return Finding(what, "ok", f"{stands.place}: will be created at the start")
    if stands.due:
        return Finding(what, "ok", f"{stands.place}: migrations pending: {stands.due}; the next start runs them")
    if stands.held:
        return Finding(what, "ok", f"{stands.place}: a casebot works with it right now; another one needs PostgreSQL")
    return Finding(what, "ok", f"{stands.place}: up to date and writable")


async def _slack(settings: Settings) -> list[Finding]:
    token = settings.slack_bot_token.get_secret_value()
    client = AsyncWebClient(token, settings.slack_api_url, timeout=PATIENCE, retry_handlers=[])
    try:
        answer = await client.auth_test()
    except SlackApiError as fault:
        return [_refused_by_slack("Slack token", fault, "SLACK_BOT_TOKEN"), _clock(fault.response.headers)]
    except (TimeoutError, aiohttp.ClientError, OSError) as fault:
        return [
            Finding("Slack token", "fail", f"Slack does not answer at {settings.slack_api_url} ({type(fault).__name__})", NETWORK)
        ]
    who = f"{answer.get('user', 'casebot')} in {answer.get('team', 'the workspace')}"
    found = [Finding("Slack token", "ok", who), _slack_scopes(answer.headers), _clock(answer.headers)]
    return [*found, await _way_in(client, settings)]


def _slack_scopes(headers: Mapping[str, str]) -> Finding:
    what = "Slack scopes"
    listed = _header(headers, "x-oauth-scopes")
    if not listed:
        return Finding(what, "warn", "Slack did not say which scopes the token has", REINSTALL)
    scopes = {scope.strip() for scope in listed.split(",")}
    if missing := manifest.bot_scopes() - scopes:
        return Finding(what, "fail", f"missing: {', '.join(sorted(missing))}", REINSTALL)
    if more := scopes - manifest.bot_scopes():
        return Finding(what, "ok", f"all there, and more than casebot uses: {', '.join(sorted(more))}")
    return Finding(what, "ok", f"all {len(scopes)} there")


async def _way_in(client: AsyncWebClient, settings: Settings) -> Finding:
    if not settings.socket_mode:
        return Finding("way in", "ok", f"HTTP on {settings.host}:{settings.port}, where Slack's requests must arrive")
    what = "way in"
    try:
        await client.apps_connections_open(app_token=settings.slack_app_token.get_secret_value())
    except SlackApiError as fault:
        return _refused_by_slack(what, fault, "SLACK_APP_TOKEN")
    except (TimeoutError, aiohttp.ClientError, OSError) as fault:
        return Finding(what, "fail", f"Slack does not answer ({type(fault).__name__})", NETWORK)
    return Finding(what, "ok", "Socket Mode")


def _refused_by_slack(what: str, fault: SlackApiError, setting: str) -> Finding:
    # Where the answer was no JSON it is a page of whatever stands in between, so only its status is told.
    answer: Any = fault.response
    code = answer.get("error") if isinstance(answer.data, dict) else None
    if code is None:
        return Finding(what, "fail", f"what answers is not Slack (HTTP {answer.status_code})", NETWORK)
    if answer.status_code >= 500 or code in SLACK_UNWELL:
        return Finding(what, "fail", f"Slack cannot say: {code}", "try again in a minute; slack-status.com tells of outages")
    return Finding(what, "fail", f"Slack refused {setting}: {code}", WHERE[setting])


def _clock(headers: Mapping[str, str]) -> Finding:
    what, fix = "clock", "set this machine's clock, for example with NTP"
    try:
        slack = parsedate_to_datetime(_header(headers, "date"))
    except ValueError:
        return Finding(what, "skipped", "Slack's answer bears no time to compare with")
    skew = (datetime.now(UTC) - slack).total_seconds()
    says = f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} Slack's"
    if abs(skew) > SKEW_FAIL:
        return Finding(what, "fail", f"{says}: every request from Slack would be refused", fix)
    if abs(skew) > SKEW_WARN:
        return Finding(what, "warn", f"{says}: from {SKEW_FAIL} s on, requests from Slack are refused", fix)
    return Finding(what, "ok", says if abs(skew) > 2 else "as Slack's")


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((str(value) for key, value in headers.items() if key.lower() == name), "")


async def _fusedesk(settings: Settings) -> list[Finding]:
    async with http_client(settings) as http:
        key = settings.fusedesk_api_key.get_secret_value()
        fusedesk = FuseDesk(http, base_url=settings.fusedesk_url, api_key=key, zone=settings.fusedesk_timezone, retries=1)
        found = [await _fusedesk_key(fusedesk)]
        if found[0].state == "fail":
            return [*found, Finding("names", "skipped", "not asked until FuseDesk answers")]
        found += await _names(fusedesk, settings.casebot_default_department)
        return [*found, _quota(fusedesk)]


async def _fusedesk_key(fusedesk: FuseDesk) -> Finding:
    what = "FuseDesk key"
    try:
        scopes = frozenset(await fusedesk.permissions())
    except (NotFound, RefusedByFuseDesk, Unintelligible):
        return Finding(what, "warn", "FuseDesk did not say what the key may do", WHERE["FUSEDESK_API_KEY"])
    except FuseDeskError as error:
        return _refused_by_fusedesk(what, error)
    if missing := FUSEDESK_SCOPES - scopes:
        return Finding(what, "fail", f"lacks: {', '.join(sorted(missing))}", WHERE["FUSEDESK_API_KEY"])
    return Finding(what, "ok", f"all {len(FUSEDESK_SCOPES)} scopes there")


def _refused_by_fusedesk(what: str, error: CaseError) -> Finding:
    if isinstance(error, KeyRefused):
        return Finding(what, "fail", "FuseDesk refused the key", WHERE["FUSEDESK_API_KEY"])
    if isinstance(error, Unavailable):
        return Finding(what, "fail", "FuseDesk does not answer", f"check FUSEDESK_APP ({WHERE['FUSEDESK_APP']}); {NETWORK}")
    return Finding(what, "fail", error.says, "see FuseDesk's own words")


async def _names(fusedesk: FuseDesk, default_department: str) -> list[Finding]:
    directory = Directory(fusedesk)
    try:
        counts = await directory.refresh()
    except FuseDeskError as error:
        return [_refused_by_fusedesk("names", error)]
    if counts.faults:
        return [_refused_by_fusedesk("names", error) for error in counts.faults]
    says = f"{counts.departments} departments, {counts.reps} reps, {counts.tags} tags"
    if not counts.departments or not counts.reps:
        return [Finding("names", "fail", says, "without a department and a rep no case can be opened: add them in FuseDesk")]
    return [Finding("names", "ok", says), _emails(directory), await _default_department(directory, default_department)]


def _emails(directory: Directory) -> Finding:
    reps = directory.reps_in(None)
    known = sum(bool(rep.email) for rep in reps)
    if known:
        return Finding("who is who", "ok", f"{known} of {len(reps)} active reps have an email to know them by")
    return Finding(
        "who is who",
        "warn",
        "FuseDesk tells no rep's email: people are matched by their full name",
        "in Slack, give each rep the full name that they have in FuseDesk",
    )


async def _default_department(directory: Directory, typed: str) -> Finding:
    what = "default department"
    if not typed:
        return Finding(what, "ok", "none: people choose")
    try:
        department = await directory.department(typed)
    except NameRefused as refusal:
        names = ", ".join(refusal.names) or "none"
        return Finding(what, "fail", refusal.says, f"set CASEBOT_DEFAULT_DEPARTMENT to one of those that exist: {names}")
    return Finding(what, "ok", f"{department.name} ({department.departmentid})")


def _quota(fusedesk: FuseDesk) -> Finding:
    what, quota = "FuseDesk quota", fusedesk.quota
    if quota.limit is None or quota.remaining is None:
        return Finding(what, "skipped", "FuseDesk does not tell it")
    says = f"{quota.remaining:,} of {quota.limit:,} calls left this hour"
    if quota.state == "plenty":
        return Finding(what, "ok", says)
    if quota.is_low:
        says += f": kept for changes, cases are shown from memory, until {quota.again_at:%H:%M} UTC"
    return Finding(what, "warn", says, "find out what else uses the key, or ask FuseDesk for a larger quota")
