"""Services that tests talk to, run from the machine's own packages: PostgreSQL and Redis, in the sandbox, on loopback."""

from __future__ import annotations

from collections.abc import Mapping

from bot.core.environment.facts import Service

_POSTGRES = """\
PATH="$(ls -d /usr/lib/postgresql/*/bin "$HOME"/.debian/usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1):$PATH"
data="$HOME/.postgresql"
test -s "$data/PG_VERSION" || initdb --pgdata "$data" --username {user} --auth trust --no-sync >/dev/null
chmod -R go-rwx "$data"
exec postgres -D "$data" -c listen_addresses=127.0.0.1 -c unix_socket_directories=/tmp -c fsync=off -p {port}
"""
_POSTGRES_READY = """\
PATH="$(ls -d /usr/lib/postgresql/*/bin "$HOME"/.debian/usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1):$PATH"
pg_isready -q -h 127.0.0.1 -p {port} -U {user} || exit 1
psql -h 127.0.0.1 -p {port} -U {user} -d postgres -Atc "select 1 from pg_database where datname='{name}'" | grep -q 1 \
|| createdb -h 127.0.0.1 -p {port} -U {user} {name}
"""


def postgresql(*, user: str = "postgres", name: str = "postgres", port: int = 5432) -> Service:
    given = {"user": user, "name": name, "port": port}
    return Service(name="postgresql", command=_POSTGRES.format(**given), ready=_POSTGRES_READY.format(**given))


def redis() -> Service:
    return Service(
        name="redis",
        command='exec redis-server --bind 127.0.0.1 --port 6379 --save "" --appendonly no --dir /tmp',
        ready="redis-cli -h 127.0.0.1 ping | grep -q PONG",
    )


def service_of_image(image: str, variables: Mapping[str, str]) -> Service | None:
    """The service that a container of this image would be; None for those that nothing here can run."""
    named = image.rpartition("/")[2].partition(":")[0]
    if named in ("postgres", "postgis"):
        user = _word(variables.get("POSTGRES_USER"), "postgres")
        return postgresql(user=user, name=_word(variables.get("POSTGRES_DB"), user))
    return redis() if named in ("redis", "valkey") else None


def _word(text: str | None, otherwise: str) -> str:
    return text if text and text.replace("_", "").replace("-", "").isalnum() else otherwise
