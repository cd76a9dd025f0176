"""The two files that `init` puts into a checkout, and never over what a person changed."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from pathlib import Path

from bot.core.errors.user_errors import UserError
from bot.entry.checkout import git
from bot.entry.config import PATH as CONFIG_PATH
from bot.entry.config import Config, parse
from bot.entry.setup.config_text import as_written, config_text
from bot.entry.setup.source import Source, is_own_checkout, needs_pin, pinned, unpinned
from bot.entry.setup.step import Memory, State, Step

WORKFLOW_PATH = ".github/workflows/groundskeeper.yml"
UNKNOWN_SCHEMA = "groundskeeper.schema.json"
_CONFIG_WHY = "every option with its meaning and default; commit and push it"
_WORKFLOW_WHY = "runs the bot when something happens and every twelve minutes; commit and push it"


def schema_place(checkout: Path, source: Source | None) -> str:
    """Where the written file says that its schema is."""
    if is_own_checkout(checkout):
        return "../bot/entry/groundskeeper.schema.json"
    return source.schema if source is not None else UNKNOWN_SCHEMA


def read(path: Path) -> str | None:
    """Raises `UserError` where it is no text."""
    try:
        return path.read_text(encoding="utf-8") if path.is_file() else None
    except UnicodeDecodeError:
        raise UserError(f"{path}: this is not UTF-8. Save it as UTF-8, or remove it.") from None


def configured(checkout: Path) -> Config | None:
    """What the checkout's configuration says; None where there is none. Raises `UserError` where it is wrong."""
    text = read(checkout / CONFIG_PATH)
    return None if text is None else parse(text)


def config_step(
    checkout: Path, *, schema: str, agents: int | None, board: int | None = None, board_to_come: bool = False, force: bool = False
) -> Step:
    """`board` is the number of the board that is there already; one that this very run makes is taken from its memory."""
    text = read(checkout / CONFIG_PATH)
    written = schemas_written(checkout)
    schema = next(iter(written), schema) if schema == UNKNOWN_SCHEMA else schema
    found = (as_written(text, schema=one) for one in (schema, *written)) if text is not None else iter((Config(),))
    ours = next((one for one in found if one is not None), None)
    if ours is None and not force:
        return Step(what=CONFIG_PATH, why=_yours(text, agents, board, board_to_come), state=State.YOURS)
    kept = ours or Config()
    wanted = Config(agents=agents or kept.agents, board=board or kept.board)
    if config_text(wanted, schema=schema) == text and not board_to_come:
        return Step(what=CONFIG_PATH, why="as it would be written", state=State.DONE)

    def write(memory: Memory) -> Memory:
        _write(checkout / CONFIG_PATH, config_text(wanted.model_copy(update={"board": memory.board or wanted.board}), schema=schema))
        return memory

    return Step(what=CONFIG_PATH, why=_CONFIG_WHY, state=State.TO_DO, do=write)


def _yours(text: str | None, agents: int | None, board: int | None, board_to_come: bool) -> str:
    """What the file, which stays as it is, does not say yet."""
    try:
        said = parse(text or "")
    except UserError as error:
        return f"left as it is, but: {error}"
    lines = [f"`agents: {agents}`"] if agents and agents != said.agents else []
    if board_to_come and said.board is None:
        lines.append("`board:` with the number of the board that is made now")
    elif board and board != said.board:
        lines.append(f"`board: {board}`")
    return "you changed it, so it is left alone (--force writes it anew)" + (f"; add {' and '.join(lines)}" if lines else "")


def workflow_step(checkout: Path, *, shipped: str, source: Source | None, force: bool = False) -> Step:
    text = read(checkout / WORKFLOW_PATH)
    if not is_own_checkout(checkout) and needs_pin(shipped):
        if source is None and text is not None and unpinned(text) == shipped:
            return Step(what=WORKFLOW_PATH, why="as it ships", state=State.DONE)
        if source is None:
            why = "say which Groundskeeper it shall run: --source OWNER/NAME@COMMIT of the repository that you installed it from"
            return Step(what=WORKFLOW_PATH, why=why, state=State.YOURS)
        shipped = pinned(shipped, source)
    if text == shipped:
        return Step(what=WORKFLOW_PATH, why="as it ships", state=State.DONE)
    do = partial(_written, checkout / WORKFLOW_PATH, shipped)
    if text is None or force:
        return Step(what=WORKFLOW_PATH, why=_WORKFLOW_WHY, state=State.TO_DO, do=do)
    if unpinned(text) == unpinned(shipped):
        return Step(what=WORKFLOW_PATH, why="the same, from another commit of Groundskeeper; commit and push it", state=State.TO_DO, do=do)
    return Step(what=WORKFLOW_PATH, why="it is not as it ships now, so it is left alone (--force writes it anew)", state=State.YOURS)


def schemas_written(checkout: Path) -> frozenset[str]:
    """The place that the first line of the configuration itself names, wherever the bot was installed from when it was written."""
    first = (read(checkout / CONFIG_PATH) or "").partition("\n")[0]
    prefix = "# yaml-language-server: $schema="
    return frozenset({first.removeprefix(prefix)}) if first.startswith(prefix) else frozenset()


def removal_steps(
    checkout: Path, *, shipped: str, schemas: tuple[str, ...], force: bool, but_not: Collection[str] = ()
) -> tuple[Step, ...]:
    """A file that git could not bring back is only taken away if it is as `init` writes it."""
    config, workflow = read(checkout / CONFIG_PATH), read(checkout / WORKFLOW_PATH)
    steps = []
    if config is not None and CONFIG_PATH not in but_not:
        written = any(as_written(config, schema=schema) is not None for schema in schemas)
        steps.append(removal(checkout, CONFIG_PATH, written or force))
    if workflow is not None and WORKFLOW_PATH not in but_not and not is_own_checkout(checkout):
        steps.append(removal(checkout, WORKFLOW_PATH, unpinned(workflow) == shipped or force))
    return tuple(steps)


def removal(checkout: Path, path: str, as_made: bool) -> Step:
    if not as_made and not _committed(checkout, path):
        return Step(what=f"remove {path}", why="you changed it and git does not have the change (--force removes it)", state=State.YOURS)
    return Step(what=f"remove {path}", why="commit and push it", state=State.TO_DO, do=partial(_removed, checkout / path))


def _committed(checkout: Path, path: str) -> bool:
    status = git(checkout, "status", "--porcelain", "--ignored", "--", path)
    return status.returncode == 0 and not status.stdout.strip()


def _written(path: Path, text: str, memory: Memory) -> Memory:
    _write(path, text)
    return memory


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _removed(path: Path, memory: Memory) -> Memory:
    path.unlink()
    for folder in path.parents[:3]:
        if folder.name in ("workflows", "actions", ".github", "groundskeeper-toolchains") and not any(folder.iterdir()):
            folder.rmdir()
    return memory
