"""Looks through the lines that commits add for secrets: by this project's own rules, and by detect-secrets'."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from bot.core.secrets.detection import EXPIRING, Secret, found_in, is_random

_LONGEST_LINE = 2_000
"""detect-secrets' patterns are slow on long lines, such as minified files have; the project's own go through those as well."""


@dataclass(frozen=True, kw_only=True)
class AddedText:
    """Lines that follow each other in what a commit adds; a commit's message is line 0 of nothing."""

    place: str
    first_line: int
    text: str


def secrets_in(added: Iterable[AddedText]) -> tuple[Secret, ...]:
    found: set[Secret] = set()
    for part in added:
        found |= {one for one in found_in(part.text, part.place, first_line=part.first_line) if one.kind not in EXPIRING}
        taken = {(one.place, one.line) for one in found}
        for number, line in enumerate(part.text.split("\n"), part.first_line):
            if 20 <= len(line) <= _LONGEST_LINE and (part.place, number) not in taken and (kind := _by_library(line)) is not None:
                found.add(Secret(place=part.place, line=number, kind=kind))
    return tuple(sorted(found))


def _by_library(line: str) -> str | None:
    """The kind of what detect-secrets finds; only what nobody made up, since its patterns alone take many a variable's name for a key."""
    for plugin in _plugins():
        for value in plugin.analyze_string(line):
            if len(value) >= 20 and is_random(value, enough=3.0):
                return str(plugin.secret_type)
    return None


@cache
def _plugins() -> Sequence[Any]:
    """Imported when there is something to look through: it takes half a second, which no other command should pay."""
    from detect_secrets.plugins.artifactory import ArtifactoryDetector
    from detect_secrets.plugins.azure_storage_key import AzureStorageKeyDetector
    from detect_secrets.plugins.cloudant import CloudantDetector
    from detect_secrets.plugins.discord import DiscordBotTokenDetector
    from detect_secrets.plugins.ibm_cloud_iam import IbmCloudIamDetector
    from detect_secrets.plugins.ibm_cos_hmac import IbmCosHmacDetector
    from detect_secrets.plugins.softlayer import SoftlayerDetector
    from detect_secrets.plugins.square_oauth import SquareOAuthDetector
    from detect_secrets.plugins.twilio import TwilioKeyDetector

    kinds = (
        ArtifactoryDetector, AzureStorageKeyDetector, CloudantDetector, DiscordBotTokenDetector, IbmCloudIamDetector, IbmCosHmacDetector,
        SoftlayerDetector, SquareOAuthDetector, TwilioKeyDetector,
    )  # fmt: skip
    return [kind() for kind in kinds]
