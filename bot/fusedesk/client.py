"""FuseDesk's API, one method per documented call.

What belongs here: how a call is written, sent, repeated and accounted for. What an answer means is read in
`bot.fusedesk.reading`, what there is to send and to get is typed in `bot.fusedesk.models`. Every error that leaves is one
of `bot.fusedesk.errors`.

The API is documented at https://www.fusedesk.com/docs/api/cases/ ; form fields go in, JSON comes out.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, TypeVar

import httpx
import stamina
from pydantic import BaseModel, SecretStr

from bot.fusedesk.breaker import Breaker
from bot.fusedesk.errors import FuseDeskError, KeyRefused, NotFound, RefusedByFuseDesk, Unavailable, Unintelligible
from bot.fusedesk.lanes import Lanes
from bot.fusedesk.models import (
    Case,
    CaseSearch,
    Department,
    NewCase,
    NewEmail,
    NewNote,
    Rep,
    Status,
    Tag,
    history_json,
)
from bot.fusedesk.quota import Quota
from bot.fusedesk.reading import KEY, Call, name_error, read, read_case, read_list, read_written
from bot.fusedesk.transport import Transport
from bot.settings import Settings

log = logging.getLogger(__name__)

REF = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
PASSING = (502, 503, 504)
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout)
BROKEN_OFF = (*NEVER_SENT, httpx.NetworkError, httpx.RemoteProtocolError)
NO_NEW_ATTEMPT_AFTER = 10.0
LANES = 20  # calls under way at once; at half a second each that is twenty times a quota of 7,200 an hour
Thing = TypeVar("Thing", bound=BaseModel)


class FuseDesk:
    """`http` comes from `http_client`; `zone` is FuseDesk's own, for dates without an offset; `retries` counts all attempts;
    `breaker` lets calls fail at once, writes too, while FuseDesk does not answer.

    `last_fault` is what kept FuseDesk from answering the latest call, None when it answered (a refusal and "no such case" are
    answers); `last_answer_at` is when anything but a 5xx last came back.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        *,
        base_url: str,
        api_key: str,
        zone: tzinfo = UTC,
        quota: Quota | None = None,
        breaker: Breaker | None = None,
        retries: int = 3,
    ) -> None:
        self.quota = quota or Quota()
        self._breaker = breaker or Breaker()
        self.last_fault: FuseDeskError | None = None
        self.last_answer_at: datetime | None = None
        self._http = http
        self._root = base_url.rstrip("/") + "/api/v1/"
        self._key = SecretStr(api_key.strip())
        self._zone = zone
        self._lanes = Lanes(LANES, patience=http.timeout.pool)
        self._retrying = stamina.AsyncRetryingCaller(
            attempts=retries, timeout=NO_NEW_ATTEMPT_AFTER, wait_initial=0.1, wait_max=1.0, wait_jitter=0.3
        )

    # Cases

    async def open_case(self, new: NewCase) -> Case | None:
        """The case as far as FuseDesk tells of it, perhaps only its id (see `read_written`); None where not even that came."""
        call = Call("POST", "cases/", "cases_create")
        return read_written(call, await self._ask(call, new.fields()), self._zone)

    async def search(self, search: CaseSearch) -> list[Case]:
        """One page, without histories."""
        cases, _ = await self._page(search)
        return cases

    async def pages(self, search: CaseSearch) -> AsyncIterator[list[Case]]:
        """Every page from `search.offset` on, `search.limit` cases each, until a short one.

        Cases move while one pages: one that comes again is left out, one that moved to an earlier page is missed. Sorting by
        caseid keeps them in place. Two full pages in a row without anything new end it, too.
        """
        seen: set[int] = set()
        offset, stale = search.offset, 0
        while stale < 2:
            cases, told = await self._page(search.model_copy(update={"offset": offset}))
            fresh = [case for case in cases if case.caseid not in seen]
            seen.update(case.caseid for case in fresh)
            if fresh:
                yield fresh
            if told < search.limit:
                return
            stale = 0 if fresh else stale + 1
            offset += search.limit

    async def _page(self, search: CaseSearch) -> tuple[list[Case], int]:
        """The cases, and how many FuseDesk sent (which are more if some could not be read)."""
        call = Call("GET", "cases", "cases")
        data = await self._ask(call, search.fields())
        return read_list(call, data, Case, self._zone), len(data) if isinstance(data, list) else 1

    async def get_case(self, ref: int | str) -> Case:
        """A case with its history, by its id or its number such as ABCD1234. Raises NotFound.

        That FuseDesk takes a number where it documents the id is not certain, and a server that reads "12AB" as 12 would
        hand out another case: so what comes back must be what was asked for.
        """
        text = str(ref)
        call = _about_case(text, method="GET")
        case = read_case(call, await self._ask(call), self._zone)
        by_id = text.isdigit() and case.caseid == int(text)
        by_number = isinstance(ref, str) and case.casenum.lower() == text.lower()
        if by_id or by_number or not (text.isdigit() or case.casenum):
            return case
        raise NotFound(call.what, call=str(call), got=case.caseid)

    async def add_note(self, caseid: int, note: NewNote) -> None:
        """A note, or a logged call."""
        await self._ask(_about_case(caseid, "/addnote"), note.fields())

    async def tag(self, caseid: int, tagid: int) -> None:
        """Having the tag already is no error."""
        await self._ask(_about_case(caseid, f"/tag/{tagid:d}", f" or tag {tagid:d}"))

    async def untag(self, caseid: int, tagid: int) -> None:
        await self._ask(_about_case(caseid, f"/untag/{tagid:d}", f" or tag {tagid:d}"))

    async def transfer(self, caseid: int, *, depid: int | None = None, repid: int | None = None) -> Case | None:
        """What is None stays as it is. The case, where FuseDesk's answer holds a whole one."""
        return await self._change(caseid, {"depid": depid, "repid": repid})

    async def link_contact(self, caseid: int, *, contactid: int | None = None, contact_uuid: str = "") -> Case | None:
        """By the CRM's id or FuseDesk's UUID of the contact. The case, where FuseDesk's answer holds a whole one."""
        return await self._change(caseid, {"contactid": contactid, "contactUuid": contact_uuid or None})

    async def set_status(self, caseid: int, status: Status) -> Case | None:
        """The case, where FuseDesk's answer holds a whole one."""
        return await self._change(caseid, {"status": status})

    async def _change(self, caseid: int, wanted: Mapping[str, object]) -> Case | None:
        fields = {name: str(value) for name, value in wanted.items() if value is not None}
        if not fields:
            raise ValueError("nothing to change")
        call = _about_case(caseid)
        return read_written(call, await self._ask(call, fields), self._zone, caseid=caseid)

    async def import_history(self, caseid: int, items: Sequence[NewNote | NewEmail], *, skipinfusionsoft: bool = False) -> None:
        """Adds to the case's history; what was imported before comes a second time."""
        fields = {"history": history_json(items)} | ({"skipinfusionsoft": "true"} if skipinfusionsoft else {})
        await self._ask(_about_case(caseid, "/history"), fields)

    # Names

    async def departments(self) -> list[Department]:
        """Those that are not archived, each with the ids of its reps."""
        return await self._list("departments", Department)

    async def reps(self) -> list[Rep]:
        """Inactive ones, too."""
        return await self._list("reps", Rep)

    async def casetags(self) -> list[Tag]:
        return await self._list("casetags", Tag)

    async def _list(self, name: str, model: type[Thing]) -> list[Thing]:
        call = Call("GET", name, name)
        return read_list(call, await self._ask(call), model, self._zone)

    async def permissions(self) -> list[str]:
        """The scopes of the API key."""
        call = Call("GET", "session/permissions", "")
        data = await self._ask(call)
        if not isinstance(data, list):
            raise Unintelligible(call=str(call), got=type(data).__name__)
        return [scope for scope in data if isinstance(scope, str)]

    # Asking

    async def _ask(self, call: Call, fields: Mapping[str, str] | None = None) -> Any:
        """The answer's JSON (None: a write was answered with nothing), after as many attempts as the call bears."""
        try:
            with self._breaker.passing(call):
                data = await self._retrying(lambda fault: self._worth_another(call, fault), self._call, call, fields or {})
        except FuseDeskError as fault:
            self.last_fault = None if isinstance(fault, NotFound | RefusedByFuseDesk) else fault
            raise
        self.last_fault = None
        return data

    def _worth_another(self, call: Call, fault: Exception) -> bool:
        """The one call that an open breaker lets through is sent once."""
        return self._breaker.closed and _worth_another(call, fault)

    async def _call(self, call: Call, fields: Mapping[str, str]) -> Any:
        """One attempt; nothing else touches the network."""
        key = self._key.get_secret_value()
        if not (key and key.isascii() and key.isprintable()):
            raise KeyRefused(call=str(call))
        sent: dict[str, Any] = {"data": fields} if call.writes else {"params": fields}
        started, outcome = time.perf_counter(), "given up"
        try:
            async with self._lanes.one():
                response = await self._http.request(call.method, self._root + call.path, headers={KEY: key}, **sent)
            outcome = str(response.status_code)
            self._note(response)
        except (httpx.HTTPError, httpx.InvalidURL) as fault:
            outcome = type(fault).__name__
            raise name_error(call, fault, self.quota.again_at) from fault
        finally:
            took = (time.perf_counter() - started) * 1000
            log.info("%s: %s in %.0f ms, %s calls left", call, outcome, took, self.quota.remaining)
        error = name_error(call, response, self.quota.again_at)
        if error:
            raise error
        return read(call, response)

    def _note(self, response: httpx.Response) -> None:
        self.quota.read(response.headers, used_up=response.status_code == 429)
        if response.status_code < 500:
            self.last_answer_at = datetime.now(UTC)


def _about_case(ref: int | str, more: str = "", or_what: str = "", *, method: str = "POST") -> Call:
    """A call about one case. A ref that is neither an id nor a case number would change the path: no case has it."""
    text = str(ref)
    what = f"case {'#' if text.isdigit() else ''}{text}"
    if not REF.fullmatch(text):
        raise NotFound(what[:100])
    if method == "GET":
        return Call("GET", f"cases/{text}", "cases", what)
    return Call("POST", f"cases/{text}{more}", "cases_update", what + or_what)


def _worth_another(call: Call, fault: Exception) -> bool:
    """A write is sent again only if it never left. A read, if the connection broke or a proxy had a bad moment.

    Not after a read timeout: FuseDesk had its 20 seconds, and somebody is waiting.
    """
    if not isinstance(fault, Unavailable):
        return False
    if call.writes:
        return isinstance(fault.__cause__, NEVER_SENT)
    return isinstance(fault.__cause__, BROKEN_OFF) or fault.facts.get("status") in PASSING


def http_client(settings: Settings) -> httpx.AsyncClient:
    """The one HTTP client of the process, with its pool; the caller closes it.

    httpx logs whole URLs, which hold customers' emails, and httpcore headers, which hold the key: both are silenced here.
    Cookies are not kept, because a server that ties a session to one may answer the session's requests one after another.
    Redirects are not followed, so that the key goes nowhere else.
    """
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return httpx.AsyncClient(
        timeout=httpx.Timeout(settings.fusedesk_read_timeout, connect=settings.fusedesk_connect_timeout),
        transport=Transport(most=LANES, keep=30.0),
        headers={"User-Agent": "casebot", "Accept": "application/json"},
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        follow_redirects=False,
    )
