"""Whether everything is as the bot needs it: each precondition with what was found and the remedy."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from bot.core.errors.user_errors import UserError
from bot.entry.config import PATH, Config, parse, policy_of
from bot.entry.setup import doctor_environment, doctor_identities, doctor_machine, doctor_repository, doctor_state, files
from bot.entry.setup.finding import Finding, Light, looked, ok, wrong
from bot.entry.setup.onboarding import published
from bot.entry.setup.target import Target
from bot.entry.texts import load_categories


def examined(target: Target, environment: Mapping[str, str], *, here: bool) -> Iterator[Finding]:
    """One finding after the other, as they are seen. `here`: whether agents shall run on this machine too, and it must be fit for that."""
    config = Config()
    with suppress(UserError):  # what is wrong in it is a finding of its own
        config = files.configured(target.checkout) or config
    yield from looked("configuration", lambda: _configuration(target))
    yield from doctor_repository.examined(target, config)
    yield from doctor_identities.examined(target, config, environment)
    yield from doctor_state.examined(target, environment)
    yield from doctor_machine.examined(target, config, environment, here=here)
    if here:
        yield from doctor_environment.examined(target.checkout, target.repo.full_name, config)


def _configuration(target: Target) -> Iterator[Finding]:
    """Here and on the default branch, which is where the bot reads it."""
    branch = target.repo.default_branch
    there = published(target, PATH)
    local = files.read(target.checkout / PATH)
    if local is None and there is None:
        yield wrong("configuration", f"{PATH} is missing, so every option has its default", "Run `groundskeeper init`.")
        return
    for text, where in ((local, PATH), (there if there != local else None, f"{branch}:{PATH}")):
        if text is not None:
            policy_of(parse(text, where=where), categories=load_categories(), worker="worker", reviewer=None)
    if there is None:
        yield wrong("configuration", f"{PATH} is right, but not on {branch} yet", f"Commit it and push it to {branch}.")
    elif local is not None and local != there:
        yield wrong("configuration", f"{PATH} is right, but another one is on {branch}", f"Commit it and push it to {branch}, or pull.")
    else:
        yield ok("configuration", f"{PATH} on {branch} is right")


def healthy(findings: Iterable[Finding]) -> bool:
    return all(finding.light is Light.GREEN for finding in findings)


def as_json(findings: Iterable[Finding]) -> str:
    listed = list(findings)
    rows = [{"name": one.name, "state": one.light.value, "found": one.found, "remedy": one.remedy} for one in listed]
    return json.dumps({"healthy": healthy(listed), "findings": rows}, indent=2, ensure_ascii=False)


def as_lines(finding: Finding) -> Iterator[str]:
    yield f"{finding.light.value:>8}  {finding.name}: {finding.found.replace(chr(10), chr(10) + ' ' * 10)}"
    if finding.remedy:
        yield f"{'':>8}  → {finding.remedy}"
