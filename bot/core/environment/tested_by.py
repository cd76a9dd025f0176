"""Services that tests need: as the repository's own CI keeps them, or guessed from the drivers that it depends on."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.core.environment.facts import Service, Tree
from bot.core.environment.reading import table
from bot.core.environment.services import postgresql, redis, service_of_image

_DRIVERS = (
    (r"(psycopg|psycopg2|psycopg2-binary|asyncpg|pg8000)", replace(postgresql(), required=False)),
    (r"(redis|hiredis|rq)", replace(redis(), required=False)),
)


def services_wanted(tree: Tree) -> tuple[Service, ...]:
    found: dict[str, Service] = {}
    for path in sorted(tree.parsed):
        for job in table(tree.parsed[path], "jobs").values():
            for told in table(job, "services").values():
                variables = {str(key): str(value) for key, value in table(told, "env").items()}
                service = service_of_image(str(table(told).get("image", "")), variables)
                if service is not None:
                    found.setdefault(service.name, service)
    guessed = [service for pattern, service in _DRIVERS if service.name not in found and _depends(tree, pattern)]
    return (*found.values(), *guessed)


def _depends(tree: Tree, pattern: str) -> bool:
    """Whether a Python project needs one of these drivers, or is one."""
    manifests = [
        text for path, text in tree.contents.items() if path.endswith((".txt", ".in", ".cfg", "setup.py", "pyproject.toml", "tox.ini"))
    ]
    return any(re.search(rf"""(?m)(^|["'\s]){pattern}(["'\s=<>~!;,\[]|$)""", text) for text in manifests)
