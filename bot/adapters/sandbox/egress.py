"""The one way out while setup runs: a proxy that lets through the hosts of a list, bounded, and remembers each that was asked for.

It listens in the sandbox's own network, which has loopback and nothing else: the launcher makes the socket there and hands it
over. h11 reads the protocol; nothing is decrypted, so no certificate of ours is needed.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence

import h11

from bot.adapters.sandbox.addresses import refusal
from bot.adapters.sandbox.egress_rules import Asked, EgressRules
from bot.core.environment.presets import allows

PORT = 3128
_CHUNK = 65_536
_PORTS = (80, 443)
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


async def resolved(host: str, port: int) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(one[4][0]) for one in found]


class _Refused(Exception):
    """Said to the client, and remembered."""


class Egress:
    """One for a whole preparation: its bytes and its memory go over all commands."""

    def __init__(self, rules: EgressRules, *, resolve: Resolve = resolved) -> None:
        self._rules = rules
        self._resolve = resolve
        self._asked: dict[Asked, None] = {}
        self._connections = 0
        self.bytes = 0

    @property
    def asked(self) -> tuple[Asked, ...]:
        """Each host once for each answer, in the order of the first question."""
        return tuple(self._asked)

    @property
    def exhausted(self) -> str | None:
        """That the bytes were used up, in words; what was fetched may be cut then, and its client may not have noticed."""
        most = self._rules.limits.bytes
        return f"setup moved more than {most // 1024**2} MB over the network" if self.bytes > most else None

    @property
    def refusals(self) -> tuple[str, ...]:
        return tuple(one.refused for one in self.asked if one.refused is not None)

    @property
    def troubles(self) -> tuple[str, ...]:
        """Of hosts that were listed and could not be reached, unless they could at another time."""
        reached = {one.host for one in self.asked if one == Asked(host=one.host)}
        return tuple(one.unreachable for one in self.asked if one.unreachable is not None and one.host not in reached)

    @contextlib.contextmanager
    def serving(self) -> Iterator[int]:
        """A descriptor through which the launcher hands over a listening socket; served until the block ends."""
        ours, theirs = socket.socketpair()
        loop = asyncio.new_event_loop()
        thread = threading.Thread(target=self._serve, args=(loop, ours), name="egress", daemon=True)
        thread.start()
        try:
            yield theirs.fileno()
        finally:
            theirs.close()
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(loop.stop)
            thread.join()
            ours.close()

    def _serve(self, loop: asyncio.AbstractEventLoop, ours: socket.socket) -> None:
        asyncio.set_event_loop(loop)
        server: asyncio.Server | None = None
        try:
            _, descriptors, _, _ = socket.recv_fds(ours, 1, 1)
            if descriptors:  # else the sandbox never came up
                listener = socket.socket(fileno=descriptors[0])
                listener.setblocking(False)
                server = loop.run_until_complete(asyncio.start_server(self._attend, sock=listener))
                loop.run_forever()
        finally:
            if server is not None:
                server.close()
            left = asyncio.all_tasks(loop)
            for task in left:
                task.cancel()
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()

    async def _attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        try:
            if self._connections > self._rules.limits.connections:
                raise _Refused("too many connections at once")
            await self._one(reader, writer)
        except _Refused as why:
            with contextlib.suppress(OSError):
                writer.write(_answer(403, "Forbidden", f"groundskeeper: {why}\n"))
                await writer.drain()
        except (h11.ProtocolError, ValueError):
            with contextlib.suppress(OSError):
                writer.write(_answer(400, "Bad Request", "groundskeeper: this is no request to a proxy\n"))
        except asyncio.CancelledError:
            return  # the command is over, and whatever it still asked for with it
        except (OSError, TimeoutError) as trouble:
            with contextlib.suppress(OSError):
                writer.write(_answer(502, "Bad Gateway", f"groundskeeper: {trouble or type(trouble).__name__}\n"))
        finally:
            self._connections -= 1
            with contextlib.suppress(OSError):
                writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request and its answer; plain HTTP is told to close after it, so that each request is looked at."""
        connection = h11.Connection(h11.SERVER)
        request = await self._request(connection, reader)
        if request.method == b"CONNECT":
            host, port = _authority(request.target.decode("ascii"), 443)
            there, back = await self._connected(host, port)
            with contextlib.closing(back):
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                early = connection.trailing_data[0]
                if early:
                    back.write(early)
                await self._both_ways(reader, writer, there, back)
            return
        scheme, _, rest = request.target.decode("ascii").partition("://")
        where, slash, path = rest.partition("/")
        if scheme != "http" or not where:
            raise ValueError("not an absolute http address")
        host, port = _authority(where, 80)
        there, back = await self._connected(host, port, tunnel=False)
        with contextlib.closing(back):
            target = request.target if self._rules.upstream else (slash + path or "/").encode("ascii")
            await self._forwarded(connection, request, target, reader, back)
            await self._copied(there, writer)

    async def _request(self, connection: h11.Connection, reader: asyncio.StreamReader) -> h11.Request:
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Request):
                return event
            if event is not h11.NEED_DATA:
                raise ValueError("no request")
            connection.receive_data(await self._read(reader))

    async def _forwarded(
        self, client: h11.Connection, request: h11.Request, target: bytes, reader: asyncio.StreamReader, back: asyncio.StreamWriter
    ) -> None:
        own = h11.Connection(h11.CLIENT)
        dropped = (b"connection", b"proxy-connection", b"proxy-authorization", b"keep-alive", b"expect")
        headers = [(name, value) for name, value in request.headers if name not in dropped] + [(b"connection", b"close")]
        back.write(own.send(h11.Request(method=request.method, target=target, headers=headers)) or b"")
        while True:
            event = client.next_event()
            if event is h11.NEED_DATA:
                client.receive_data(await self._read(reader))
            elif isinstance(event, h11.Data):
                back.write(own.send(event) or b"")
                await back.drain()
            else:
                if isinstance(event, h11.EndOfMessage):
                    back.write(own.send(event) or b"")
                await back.drain()
                return

    async def _connected(self, host: str, port: int, *, tunnel: bool = True) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        try:
            made = await self._connection(await self._allowed(host, port), host, port, tunnel=tunnel)
        except _Refused as refused:
            self._asked.setdefault(Asked(host=host, refused=str(refused)))
            raise
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as trouble:
            why = f"setup wanted {host}: {trouble or 'it did not answer in time'}"
            self._asked.setdefault(Asked(host=host, unreachable=why))
            raise OSError(why) from trouble
        self._asked.setdefault(Asked(host=host))
        return made

    async def _connection(
        self, addresses: Sequence[str], host: str, port: int, *, tunnel: bool
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        seconds = self._rules.limits.connecting.total_seconds()
        if (upstream := self._rules.upstream) is not None:
            there, back = await asyncio.wait_for(asyncio.open_connection(upstream.host, upstream.port), seconds)
            try:
                if tunnel:
                    await asyncio.wait_for(_tunnelled(there, back, host, port), seconds)
            except BaseException:
                back.close()
                raise
            return there, back
        trouble: Exception = OSError("it has no address")
        for address in addresses:
            # To the address that was looked at, not to the name: it could stand for another one by now.
            try:
                return await asyncio.wait_for(asyncio.open_connection(address, port), seconds)
            except (OSError, TimeoutError) as error:
                trouble = error
        raise OSError(f"it cannot be reached ({trouble or 'no answer in time'})")

    async def _allowed(self, host: str, port: int) -> Sequence[str]:
        rules = self._rules
        if not (allows(rules.hosts, f"{host}:{port}") or (port in _PORTS and allows(rules.hosts, host))):
            wanted = host if port in _PORTS else f"{host}:{port}"
            raise _Refused(f"setup wanted {wanted}: add it to `environment.network`")
        if rules.upstream is not None:
            with contextlib.suppress(ValueError):
                if why := refusal(str(ipaddress.ip_address(host.strip("[]"))), rules.vouched):
                    raise _Refused(f"setup wanted {host}: {why}")
            return ()
        try:
            addresses = await asyncio.wait_for(self._resolve(host.strip("[]"), port), rules.limits.connecting.total_seconds())
        except (OSError, UnicodeError) as error:
            raise OSError(f"it is not known to this machine's resolver ({error})") from error
        for address in addresses:
            if why := refusal(address, rules.vouched):
                raise _Refused(f"setup wanted {host}: {why}")
        return addresses

    async def _both_ways(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, there: asyncio.StreamReader, back: asyncio.StreamWriter
    ) -> None:
        up = asyncio.create_task(self._copied(reader, back))
        try:
            await self._copied(there, writer)
        finally:
            up.cancel()
            await asyncio.gather(up, return_exceptions=True)

    async def _copied(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while chunk := await self._read(source):
            target.write(chunk)
            await target.drain()
        with contextlib.suppress(OSError):
            if target.can_write_eof():
                target.write_eof()

    async def _read(self, reader: asyncio.StreamReader) -> bytes:
        chunk = await asyncio.wait_for(reader.read(_CHUNK), self._rules.limits.silence.total_seconds())
        self.bytes += len(chunk)
        if (why := self.exhausted) is not None:
            raise _Refused(why)
        return chunk


async def _tunnelled(there: asyncio.StreamReader, back: asyncio.StreamWriter, host: str, port: int) -> None:
    back.write(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode("ascii"))
    await back.drain()
    head = await there.readuntil(b"\r\n\r\n")
    if head.split(b" ", 2)[1:2] != [b"200"]:
        raise OSError(f"this machine's own proxy said: {head.splitlines()[0].decode('latin-1')[:200]}")


def _authority(text: str, otherwise: int) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or "]" in port:
        host, port = text, str(otherwise)
    if not host or "@" in host or not port.isdecimal() or int(port) > 65_535:
        raise ValueError("no host and port")
    return host.casefold().rstrip("."), int(port)


def _answer(status: int, reason: str, text: str) -> bytes:
    body = text.encode()
    head = f"HTTP/1.1 {status} {reason}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    return head.encode() + body
