"""Listening on TCP with waitress until told to stop, and then ending as one should: nobody new, everybody answered."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from types import FrameType
from typing import Any

from flask import Flask
from waitress import wasyncore
from waitress.server import create_server

from bot.core.errors.user_errors import UserError
from bot.entry.web.app import LARGEST

_THREADS = 4
_LINGER = timedelta(seconds=5)
_IN_MEMORY = 1024 * 1024
"""Bytes of a body; what is larger waits in a file, since whoever may connect may send, and many may at once."""


class HttpServer:
    """A bound socket; `run` serves until `stop` is called from a signal handler or another thread."""

    def __init__(self, app: Flask, *, host: str, port: int) -> None:
        """Raises `UserError` where the address cannot be had."""
        try:
            # A name may have several addresses, and each would be a server of its own.
            family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
            bound = socket.create_server(address[:2], family=family)
        except (OSError, ValueError) as error:
            raise UserError(f"{host}:{port} cannot be listened on: {error}. Give another --host or --port.") from error
        self._server: Any = create_server(
            app, sockets=[bound], threads=_THREADS, ident="groundskeeper", max_request_body_size=LARGEST + 1,
            inbuf_overflow=_IN_MEMORY, channel_timeout=60, clear_untrusted_proxy_headers=True,
        )  # fmt: skip
        self._over = threading.Event()
        name, number = bound.getsockname()[:2]
        self.url = f"http://{f'[{name}]' if ':' in name else name}:{number}"

    def run(self) -> None:
        """The poll loop is waitress's own; only its end is ours, since waitress drops what is under way."""
        while not self._over.is_set():
            self._poll(1.0)
        self._server.accepting = False
        self._server.del_channel()
        self._server.socket.close()
        until = time.monotonic() + _LINGER.total_seconds()
        while self._busy() and time.monotonic() < until:
            self._poll(0.1)
        self._server.task_dispatcher.shutdown(timeout=2)
        for channel in list(self._server.active_channels.values()):
            channel.handle_close()
        self._server.trigger.close()

    def _poll(self, seconds: float) -> None:
        wasyncore.loop(timeout=seconds, use_poll=True, map=self._server._map, count=1)

    def _busy(self) -> bool:
        """Whether somebody still sends, waits for an answer, or is being answered; a connection kept open for later is not that."""
        return any(
            channel.requests or channel.request is not None or channel.total_outbufs_len
            for channel in self._server.active_channels.values()
        )

    def stop(self) -> None:
        self._over.set()
        with contextlib.suppress(OSError):
            self._server.pull_trigger()


@contextlib.contextmanager
def stopped_by_signals(server: HttpServer) -> Iterator[None]:
    """SIGTERM and SIGINT end `run`; a second one ends the process as it would have without us."""

    def stop(number: int, _: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        server.stop()

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
