"""The connections to GitHub: kept between requests, through a proxy where there is one, and never waited for without end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

PATIENCE = httpx.Timeout(30, connect=10)
"""Seconds for each single wait."""
_WHOLE_ANSWER = 180.0
"""Seconds; a server may keep every single wait and still never come to its end."""


class GitHubTransport(httpx.BaseTransport):
    """githubkit makes a client for each request and closes it; its cache hands on neither the connection nor how long to wait."""

    def __init__(self, inner: httpx.BaseTransport, *, patience: httpx.Timeout = PATIENCE, whole_answer: float = _WHOLE_ANSWER) -> None:
        self._inner, self._patience, self._whole_answer = inner, patience, whole_answer

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.extensions = {**request.extensions, "timeout": self._patience.as_dict()}
        until = time.monotonic() + self._whole_answer
        response = self._inner.handle_request(request)
        assert isinstance(response.stream, httpx.SyncByteStream)
        response.stream = _Bounded(response.stream, request, until)
        return response

    def close(self) -> None:
        """Not before the process ends."""


class _Bounded(httpx.SyncByteStream):
    def __init__(self, inner: httpx.SyncByteStream, request: httpx.Request, until: float) -> None:
        self._inner, self._request, self._until = inner, request, until

    def __iter__(self) -> Iterator[bytes]:
        for part in self._inner:
            if time.monotonic() > self._until:
                raise httpx.ReadTimeout("the answer did not come to its end in time", request=self._request)
            yield part

    def close(self) -> None:
        self._inner.close()


def direct_or_by_proxy(base_url: str) -> httpx.HTTPTransport:
    """As HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY have it; httpx itself asks these only for a transport of its own."""
    address = urlsplit(base_url)
    if address.hostname is None or proxy_bypass(address.hostname):
        return httpx.HTTPTransport()
    proxies = getproxies()
    return httpx.HTTPTransport(proxy=proxies.get(address.scheme) or proxies.get("all"))
