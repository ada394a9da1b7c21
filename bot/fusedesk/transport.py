"""httpx over aiohttp's connections: httpx's requests, answers and errors, without httpcore, which was half of a wish's cost.

httpcore asks the system about every open connection whenever a request comes or goes, and its protocol is pure Python. aiohttp
is there already, for Slack. What is asked and what an answer means do not belong here.

aiohttp by itself repeats a read whose kept connection turns out to be closed, and never a write.
"""

from __future__ import annotations

from functools import cache
from urllib.request import getproxies, proxy_bypass

import aiohttp
import httpx
from yarl import URL

# What went wrong, the more exact first, in httpx's words: "connect" in a name means that nothing was sent.
_NAMES: tuple[tuple[type[Exception], type[httpx.TransportError]], ...] = (
    (aiohttp.ConnectionTimeoutError, httpx.ConnectTimeout),
    (aiohttp.ClientConnectorError, httpx.ConnectError),
    (aiohttp.ServerFingerprintMismatch, httpx.ConnectError),
    (TimeoutError, httpx.ReadTimeout),
    (aiohttp.ClientOSError, httpx.ReadError),
    (aiohttp.InvalidURL, httpx.UnsupportedProtocol),
    (aiohttp.ClientError, httpx.RemoteProtocolError),
)


class Transport(httpx.AsyncBaseTransport):
    """At most `most` connections. Cookies are not kept."""

    def __init__(self, *, most: int, keep: float) -> None:
        self._most = most
        self._keep = keep
        self._session: aiohttp.ClientSession | None = None
        self._proxy = cache(_proxy)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The whole answer. Raises httpx.TransportError."""
        times = request.extensions.get("timeout", {})
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=times.get("connect"), sock_read=times.get("read"))
        try:
            async with self._open().request(
                request.method,
                # httpx has made a header of whatever stood before the host's name.
                URL(str(request.url), encoded=True).with_user(None),
                headers=[(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw],
                data=await request.aread() or None,
                allow_redirects=False,
                timeout=timeout,
                proxy=self._proxy(request.url.scheme, request.url.host),
            ) as answer:
                return httpx.Response(answer.status, headers=answer.raw_headers, content=await answer.read(), request=request)
        except (aiohttp.ClientError, TimeoutError) as fault:
            raise _named(fault) from fault

    def _open(self) -> aiohttp.ClientSession:
        """Made at the first request, because it belongs to the loop that runs then."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._most, keepalive_timeout=self._keep),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,  # httpx does it, by the headers
            )
        return self._session

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()


def _proxy(scheme: str, host: str) -> str | None:
    """The system's proxy for a host. aiohttp's own way to it would read a .netrc file at every request, in a thread."""
    proxies = getproxies()
    return None if proxy_bypass(host) else proxies.get(scheme) or proxies.get("all")


def _named(fault: Exception) -> httpx.TransportError:
    name = next(ours for theirs, ours in _NAMES if isinstance(fault, theirs))
    return name(type(fault).__name__)
