"""`copilot-setup-steps.yml`: the one job of that name as commands; common `setup-*` actions become tools that must be there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.core.environment.facts import Environment, Service, Tree
from bot.core.environment.python import MAKE_VENV, VENV
from bot.core.environment.reading import combined, table
from bot.core.environment.services import service_of_image

PATHS = (".github/workflows/copilot-setup-steps.yml", ".github/workflows/copilot-setup-steps.yaml")
_TOOLS: Mapping[str, tuple[str, ...]] = {
    "actions/setup-node": ("node", "npm"),
    "actions/setup-go": ("go",),
    "actions/setup-java": ("java",),
    "ruby/setup-ruby": ("ruby",),
    "dtolnay/rust-toolchain": ("cargo",),
    "actions-rust-lang/setup-rust-toolchain": ("cargo",),
    "actions-rs/toolchain": ("cargo",),
    "actions/setup-dotnet": ("dotnet",),
}
_FETCHED: Mapping[str, str] = {
    "pnpm/action-setup": "pnpm",
    "oven-sh/setup-bun": "bun",
    "threeal/setup-yarn-action": "yarn",
}
_NOTHING_TO_DO = ("actions/checkout", "actions/cache", "astral-sh/setup-uv", "actions/cache/restore", "actions/cache/save")


def workflow_steps(tree: Tree) -> Environment | None:
    path = next((path for path in PATHS if tree.has(path)), None)
    job = table(tree.parsed.get(path or ""), "jobs", "copilot-setup-steps")
    steps = job.get("steps")
    if path is None or not isinstance(steps, list):
        return None
    variables = {**_plain(tree.parsed[path]), **_plain(job)}
    parts = [Environment(files=(path,), sources=(path,), variables=variables, services=_services(job))]
    parts += [_step(step) for step in steps if isinstance(step, dict)]
    return combined(parts)


def _step(step: dict[str, Any]) -> Environment:
    if isinstance(step.get("uses"), str):
        return _action(step["uses"].partition("@")[0], table(step, "with"))
    command = step.get("run")
    if not isinstance(command, str):
        return Environment()
    name = " ".join(str(step.get("name") or command).split())[:60]
    if "${{" in command or "if" in step:
        return Environment(notes=(f"The step “{name}” depends on a workflow's expressions and was left out.",))
    variables = "".join(f"export {key}={_shell_word(value)}\n" for key, value in _plain(step).items())
    folder = step.get("working-directory")
    entered = f"cd {_shell_word(folder)}\n" if isinstance(folder, str) else ""
    return Environment(setup=(f"{variables}{entered}{command.strip()}",))


def _action(name: str, given: Mapping[str, Any]) -> Environment:
    if name in _NOTHING_TO_DO:
        return Environment()
    if name == "actions/setup-python":
        version = given.get("python-version")
        chosen = f" --python {_shell_word(str(version))}" if isinstance(version, str | int | float) and "${{" not in str(version) else ""
        return Environment(setup=(MAKE_VENV + chosen,), path=(f"{VENV}/bin",), variables={"VIRTUAL_ENV": f"/workspace/{VENV}"})
    if name in _TOOLS:
        bundled = ("bundle install --quiet",) if name == "ruby/setup-ruby" and given.get("bundler-cache") in (True, "true") else ()
        return Environment(tools=_TOOLS[name], setup=bundled)
    if name in _FETCHED:
        version = str(given.get("version") or "latest")
        wanted = f"{_FETCHED[name]}@{version}"
        return Environment(
            tools=("node", "npm"), setup=(f'npm install --global --prefix "$HOME/.local" --loglevel=error {_shell_word(wanted)}',)
        )
    return Environment(notes=(f"The action {name} cannot be used in the sandbox and was left out.",))


def _plain(part: object) -> dict[str, str]:
    """`env:` without what only a workflow's expressions or its secrets could fill."""
    given = table(part, "env")
    return {str(key): str(value) for key, value in given.items() if isinstance(value, str | int | float) and "${{" not in str(value)}


def _services(job: Mapping[str, Any]) -> tuple[Service, ...]:
    found = (service_of_image(str(table(one).get("image", "")), _plain(one)) for one in table(job, "services").values())
    return tuple(service for service in found if service is not None)


def _shell_word(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
