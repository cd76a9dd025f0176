"""On TCP: nobody is dropped in the middle, nobody new is let in at the end, and an address that cannot be had is said."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx
import pytest
from flask import Flask

from bot.core.errors.user_errors import UserError
from bot.entry.web.app import LARGEST
from bot.entry.web.http_server import HttpServer
from tests.patience import PATIENCE


@dataclass(kw_only=True)
class Slow:
    """An app whose one answer waits until the test says so."""

    begun: threading.Event = field(default_factory=threading.Event)
    start_selected: threading.Event = field(default_factory=threading.Event)

    def app(self) -> Flask:
        app = Flask("slow", static_folder=None)

        @app.post("/")
        def answer() -> str:
            self.begun.set()
            self.start_selected.wait(PATIENCE)
            return "answered"

        return app


@contextmanager
def served(app: Flask, host: str = "127.0.0.1") -> Iterator[tuple[HttpServer, threading.Thread]]:
    server = HttpServer(app, host=host, port=0)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server, thread
    finally:
        server.stop()
        thread.join(PATIENCE)
    assert not thread.is_alive()


def test_who_is_being_answered_when_it_ends_gets_the_answer_and_who_comes_later_none() -> None:
    slow, got = Slow(), list[str]()
    with served(slow.app()) as (server, thread):
        asking = threading.Thread(target=lambda: got.append(httpx.post(server.url, timeout=PATIENCE).text))
        asking.start()
        assert slow.begun.wait(PATIENCE)
        server.stop()
        place = urlsplit(server.url)
        while True:  # until the server is closed, which another thread does
            try:
                socket.create_connection((str(place.hostname), place.port or 0), timeout=PATIENCE).close()
            except ConnectionError:
                break
        assert thread.is_alive()
        slow.start_selected.set()
        asking.join(PATIENCE)

    assert got == ["answered"]


def test_a_body_that_is_too_large_is_refused_before_it_is_sent() -> None:
    slow = Slow()
    with served(slow.app()) as (server, _):
        place = urlsplit(server.url)
        with socket.create_connection((str(place.hostname), place.port or 0), timeout=PATIENCE) as connection:
            connection.sendall(f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {2 * LARGEST}\r\n\r\n".encode())
            answer = connection.recv(1000)

    assert answer.startswith(b"HTTP/1.1 413")
    assert not slow.begun.is_set()


def test_a_name_with_several_addresses_is_one_server() -> None:
    with served(Flask("any", static_folder=None), "localhost") as (server, _):
        assert httpx.get(server.url, timeout=PATIENCE).status_code == 404


@pytest.mark.parametrize("host", ["256.0.0.1", "no such host"])
def test_an_address_that_cannot_be_had_is_said(host: str) -> None:
    with pytest.raises(UserError, match=r"cannot be listened on: .*Give another --host or --port"):
        HttpServer(Flask("any"), host=host, port=0)


def test_a_port_that_is_taken_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(UserError, match="Address already in use"):
        HttpServer(Flask("any"), host="127.0.0.1", port=taken.getsockname()[1])
