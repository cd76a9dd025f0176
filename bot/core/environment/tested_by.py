"""Services that a repository's own CI keeps beside its tests, as its workflows name them."""

from __future__ import annotations

from bot.core.environment.facts import Service, Tree
from bot.core.environment.reading import table
from bot.core.environment.services import service_of_image


def services_wanted(tree: Tree) -> tuple[Service, ...]:
    found: dict[str, Service] = {}
    for path in sorted(tree.parsed):
        for job in table(tree.parsed[path], "jobs").values():
            for told in table(job, "services").values():
                variables = {str(key): str(value) for key, value in table(told, "env").items()}
                service = service_of_image(str(table(told).get("image", "")), variables)
                if service is not None:
                    found.setdefault(service.name, service)
    return tuple(found.values())
