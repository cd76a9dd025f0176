"""Servers that keep silent or never come to an end, over TCP: each wait for GitHub has its end, also through the cache of its answers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from bot.adapters.git.process import open_mirror
from bot.adapters.github.client import connect
from bot.adapters.github.connection import GitHubTransport, direct_or_by_proxy
from bot.adapters.github.governor import Governor
from bot.adapters.github.limits import UNLIMITED
from bot.ports import GitError, GitHubError, GitHubErrorKind
from tests.adapters.hub_repository import NAME, Watch

SHORT = httpx.Timeout(0.2)


@contextmanager
def server(answer: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while not over.is_set():
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                threading.Thread(target=answer, args=(connection, over), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            over.set()


def silent(connection: socket.socket, over: threading.Event) -> None:
    with connection:
        over.wait(60)


def endless(connection: socket.socket, over: threading.Event) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n")
    with connection, suppress(OSError):
        while not over.wait(0.02):
            connection.sendall(b" ")


@pytest.mark.timeout(60)
@pytest.mark.parametrize("kind", [silent, endless])
def test_a_server_that_does_not_end_is_an_error_and_no_hang(kind: Callable[[socket.socket, threading.Event], None]) -> None:
    watch = Watch()
    governor = Governor(clock=watch, limits=UNLIMITED)
    with server(kind) as url, httpx.HTTPTransport() as inner:
        transport = GitHubTransport(inner, patience=SHORT, whole_answer=0.5)
        with pytest.raises(GitHubError) as caught:
            connect("x", repository=NAME, governor=governor, clock=watch, base_url=url, transport=transport)

    assert caught.value.kind is GitHubErrorKind.UNREACHABLE


@pytest.mark.timeout(60)
def test_a_git_server_that_keeps_silent_ends_the_transfer(tmp_path: Path) -> None:
    with server(silent) as url:
        mirror = replace(open_mirror(tmp_path / "mirror", f"{url}/ann/pots.git"), stall=1)
        with pytest.raises(GitError, match="Operation too slow"):
            mirror.remote_git("ls-remote", mirror.remote)


def test_every_request_says_how_long_it_waits() -> None:
    """githubkit's cache sends requests of its own making."""
    seen: list[dict[str, float | None]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.extensions.get("timeout", {}))
        return httpx.Response(200, json={"login": "ann"})

    watch = Watch()
    governor = Governor(clock=watch, limits=UNLIMITED)
    connect("x", repository=NAME, governor=governor, clock=watch, transport=httpx.MockTransport(answer)).rest("GET", "issues")

    assert len(seen) == 2
    assert all(each.get(part) for each in seen for part in ("connect", "read", "write", "pool"))


def test_a_proxy_of_the_environment_is_used_and_passed_by(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []

    def proxy(connection: socket.socket, _: threading.Event) -> None:
        asked.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        connection.close()

    with server(proxy) as url:
        monkeypatch.setenv("http_proxy", url)
        monkeypatch.setenv("no_proxy", "own.example")
        with httpx.Client(transport=direct_or_by_proxy("http://api.example.org")) as through:
            through.get("http://api.example.org/meta")
        with httpx.Client(transport=direct_or_by_proxy("http://own.example")) as direct, pytest.raises(httpx.ConnectError):
            direct.get("http://own.example/meta")

    assert [one.split(b"\r\n")[0] for one in asked] == [b"GET http://api.example.org/meta HTTP/1.1"]
