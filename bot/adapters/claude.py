"""The model behind Anthropic's Messages API, through the vendor's own SDK: streamed, cached, its errors translated here."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from bot.adapters.claude_errors import error_of
from bot.adapters.claude_wire import Gathered, body_of
from bot.adapters.prices import price_of
from bot.core.errors.model_errors import ModelError, ModelErrorKind
from bot.core.money.pricing import MicroUsd, Price, Usage, worst_case
from bot.core.runs.conversation import Reply, Request
from bot.ports import Clock

if TYPE_CHECKING:
    from anthropic import Anthropic

_LOOK = 0.2
_QUIET = 120.0
"""Seconds without a single event (the API sends pings) after which a stream counts as broken."""


class Claude:
    def __init__(self, *, api_key: str, prices: Mapping[str, Price], clock: Clock, base_url: str | None = None) -> None:
        self._key, self._prices, self._clock, self._base_url = api_key, prices, clock, base_url
        self._made: Anthropic | None = None
        self._making = threading.Lock()

    @property
    def scripted(self) -> bool:
        return False

    def close(self) -> None:
        with self._making:
            if self._made is not None:
                self._made.close()
                self._made = None

    def price(self, model: str) -> Price:
        return price_of(model, self._prices)

    def reply(self, request: Request, *, cancelled: Callable[[], bool]) -> Reply:
        price = self.price(request.model)
        exchange = _Exchange(self._client(), request)
        thread = threading.Thread(target=exchange.run, name="model request", daemon=True)
        thread.start()
        while not exchange.over.wait(_LOOK):
            if cancelled():
                exchange.hang_up()
                raise ModelError(ModelErrorKind.CANCELLED, "Stopped while the model was answering.", spent=exchange.spent(price))
        if exchange.error is not None:
            raise error_of(exchange.error, now=self._clock.now(), spent=exchange.spent(price)) from exchange.error
        return exchange.gathered.reply()

    def _client(self) -> Anthropic:
        with self._making:
            if self._made is None:
                # Imported at first use: it takes most of a second and tens of megabytes, and most commands never ask a model.
                from anthropic import Anthropic, Timeout

                # No retries of its own: the loop waits inside its grant, and two such loops would multiply.
                self._made = Anthropic(api_key=self._key, base_url=self._base_url, max_retries=0, timeout=Timeout(_QUIET, connect=15.0))
            return self._made


class _Exchange:
    """One request, carried out on a thread of its own so that the caller can give it up at any time."""

    def __init__(self, client: Anthropic, request: Request) -> None:
        self._client, self._request = client, request
        self.over = threading.Event()
        self.gathered = Gathered()
        self.error: Exception | None = None
        self._stream: Any = None
        self._given_up = False

    def run(self) -> None:
        try:
            self._stream = self._client.messages.create(**body_of(self._request), stream=True)
            with self._stream:
                for event in self._stream:
                    self.gathered.take(event)
                    if self._given_up:
                        return
            self.gathered.check_complete()
        except Exception as error:  # noqa: BLE001 — carried to the caller's thread and translated there
            self.error = error
        finally:
            self.over.set()

    def hang_up(self) -> None:
        """Shuts the socket down under the reading thread, which a close alone would not wake; the vendor stops when it notices."""
        self._given_up = True
        stream = self._stream
        network = stream.response.extensions.get("network_stream") if stream is not None else None
        connection = network.get_extra_info("socket") if network is not None else None
        if connection is None:
            # Not answered yet: the thread ends by itself with the first event or its own timeout, and nobody waits for it.
            return
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        self.over.wait(2)

    def spent(self, price: Price) -> Usage | MicroUsd:
        """The most that an answer which never came whole can have cost: its output as long as was allowed."""
        if self.gathered.usage is not None:
            known = self.gathered.usage
            return Usage(input=known.input, output=self._request.max_tokens, cache_read=known.cache_read, cache_write=known.cache_write)
        sent = len(repr(body_of(self._request)).encode())
        return worst_case(prompt_tokens=sent, max_tokens=self._request.max_tokens, price=price)
