"""What the agent loop costs a step: a scripted trajectory through the real adapter, against a bare loop on the vendor's SDK.

Both run in a process of their own against the same local Messages API, run the same commands, and send the same kind of conversation.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from bench.row import Row

_MODEL = "claude-sonnet-5-5"
_ROUNDS = 3
_COMMAND = "seq 400"
"""About 1.5 KB of output a step."""


@dataclass(frozen=True, kw_only=True)
class Trajectory:
    """What one process did: seconds of its whole conversation and of the commands in it, and the most memory it had."""

    wall: float
    commands: float
    peak_mb: float


def rows() -> list[Row]:
    rows: list[Row] = []
    for steps in (20, 100):
        ours = [_run("ours", steps) for _ in range(_ROUNDS)]
        floor = [_run("floor", steps) for _ in range(_ROUNDS)]
        added = (_middle(ours) - _middle(floor)) / steps * 1000
        kilobytes = [ours[0][1].total / 1024, floor[0][1].total / 1024]
        peaks = [median(done.peak_mb for done, _ in each) for each in (ours, floor)]
        rows += [
            Row(
                name=f"agent loop, {steps} steps: time a step",
                ours=_middle(ours) / steps * 1000,
                peer=_middle(floor) / steps * 1000,
                unit="ms",
                goal=f"at most 3 ms over the bare SDK loop (adds {added:.2f})",
                met=added <= 3,
            ),
            Row(name=f"agent loop, {steps} steps: bytes sent", ours=kilobytes[0], peer=kilobytes[1], unit="KB", goal="–", met=True),
            Row(
                name=f"agent loop, {steps} steps: peak memory",
                ours=peaks[0],
                peer=peaks[1],
                unit="MB",
                goal="at most 90 MB",
                met=peaks[0] <= 90,
            ),
        ]
        if steps == 20:
            first = ours[0][1].first / 1024
            rows.append(
                Row(
                    name="agent loop: first request",
                    ours=first,
                    peer=floor[0][1].first / 1024,
                    unit="KB",
                    goal="at most 4 KB",
                    met=first <= 4,
                )
            )
    return rows


@dataclass(frozen=True, kw_only=True)
class Sent:
    first: int
    total: int


def _middle(runs: list[tuple[Trajectory, Sent]]) -> float:
    """Seconds without those of the commands themselves."""
    return median(done.wall - done.commands for done, _ in runs)


def _run(who: str, steps: int) -> tuple[Trajectory, Sent]:
    from tests.messages_api import Answer, MessagesApi, tool_use

    def answer(given: Mapping[str, Any]) -> Answer:
        said = sum(1 for message in given["messages"] if message["role"] == "assistant")
        last = said >= steps - 1
        use = tool_use("finish", f"t{said}", report="Done.", give_up=True) if last else tool_use("bash", f"t{said}", command=_COMMAND)
        return Answer(blocks=[{"type": "text", "text": "Next."}, use], input=20, output=40, cache_read=1000 * said)

    with MessagesApi(answers=[answer] * steps).served() as api:
        done = subprocess.run(
            [sys.executable, "-m", "bench.agent_loop", who, api.url, str(steps)],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parents[1],
            env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
        )
        if len(api.sizes) != steps:
            raise RuntimeError(f"{who}: {len(api.sizes)} requests for {steps} steps: {done.stdout} {done.stderr}")
        return Trajectory(**json.loads(done.stdout.splitlines()[-1])), Sent(first=api.sizes[0], total=sum(api.sizes))


def _floor(url: str, workspace: Path, commands: list[float]) -> None:
    """The least that an agent can be on the SDK: no limits, no checks, no cache marks, nothing saved."""
    from anthropic import Anthropic

    client = Anthropic(api_key="sk-bench", base_url=url, max_retries=0)
    tool = {
        "name": "bash",
        "description": "Run a command.",
        "input_schema": {"type": "object", "properties": {"command": {"type": "string"}}},
    }
    finish = {"name": "finish", "description": "End.", "input_schema": {"type": "object", "properties": {"report": {"type": "string"}}}}
    messages: list[Any] = [{"role": "user", "content": "Resolve the issue."}]
    while True:
        with client.messages.stream(model=_MODEL, max_tokens=8192, system="Work.", tools=[tool, finish], messages=messages) as stream:  # type: ignore[list-item]
            reply = stream.get_final_message()
        messages.append({"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in reply.content]})
        results = []
        for block in reply.content:
            if block.type == "tool_use":
                if block.name == "finish":
                    return
                began = time.perf_counter()
                done = subprocess.run(
                    ["bash", "-c", str(block.input["command"])], cwd=workspace, capture_output=True, text=True, check=False
                )
                commands.append(time.perf_counter() - began)
                results.append({"type": "tool_result", "tool_use_id": block.id, "content": done.stdout})
        messages.append({"role": "user", "content": results})


def _ours(url: str, workspace: Path, commands: list[float]) -> None:
    from collections.abc import Callable, Sequence

    from bot.adapters.claude import Claude
    from bot.adapters.prices import read_prices
    from bot.agents.run import run_brief
    from bot.agents.run_ports import RunPorts
    from bot.core.money.pricing import usd
    from bot.core.roles.role import Role
    from bot.core.runs.criteria import Criterion
    from bot.core.runs.run import Brief, Ending, GateCommand, Grant
    from bot.ports import Outcome

    class Clock:
        def now(self) -> datetime:
            return datetime.now(UTC)

        def wait(self, duration: timedelta) -> None:
            time.sleep(duration.total_seconds())

    class Bare:
        """The same bare subprocess as the floor has, so that the loop is measured and not the sandbox."""

        isolating = False

        def run(
            self,
            command: Sequence[str],
            *,
            workspace: Path,
            writable: bool = True,  # noqa: ARG002
            timeout: timedelta,  # noqa: ARG002
            stdin: bytes = b"",  # noqa: ARG002
            environment: Mapping[str, str] = {},  # noqa: ARG002
            cancelled: Callable[[], bool] = lambda: False,  # noqa: ARG002
        ) -> Outcome:
            began = time.perf_counter()
            done = subprocess.run(command, cwd=workspace, capture_output=True, text=True, check=False)
            commands.append(time.perf_counter() - began)
            return Outcome(exit_code=done.returncode, output=done.stdout)

    class Checkout:
        path = workspace

        def close(self) -> None: ...

    prompts = {path.stem: path.read_text() for path in (Path(__file__).parents[1] / "prompts").glob("*.md")}
    base = subprocess.run(["git", "rev-parse", "HEAD"], cwd=workspace, capture_output=True, text=True, check=True).stdout.strip()
    saved = workspace.parent / "transcript.jsonl"
    brief = Brief(
        run="bench",
        role=Role.EXECUTION,
        agent=1,
        number=1,
        cycle=1,
        title="Parser loses the last line",
        body="`lines('a\\nb')` gives one line only; it should give both.",
        discussion=(),
        criteria=(Criterion(text="The last line is kept"), Criterion(text="A test shows it")),
        base=base,
        head=None,
        branch="agent-1/project-1",
        gates=(GateCommand(gate="test", command="python3 -m pytest -q"),),
        model=_MODEL,
        grant=Grant(money=usd(1000), steps=500, time=timedelta(hours=1)),
    )

    def save(text: str) -> None:
        saved.write_text(text)

    model = Claude(api_key="sk-bench", prices=read_prices(), clock=Clock(), base_url=url)
    bundle = run_brief(
        brief,
        RunPorts(
            model=model,
            sandbox=Bare(),
            fresh=lambda _bundle, _head: nullcontext("nothing is published here"),
            workspace=Checkout(),
            clock=Clock(),
            prompts=prompts,
            cancelled=lambda: False,
            save=save,
            watch=lambda _: None,
        ),
    )
    model.close()
    if bundle.ending is not Ending.FAILED or "gave up" not in bundle.note:
        raise RuntimeError(bundle.note)


def _child(who: str, url: str) -> None:
    # Imports are no part of a step: each process makes all of its own before the clock runs.
    import anthropic  # noqa: F401

    if who == "ours":
        import bot.adapters.claude
        import bot.adapters.prices
        import bot.agents.run  # noqa: F401

    with tempfile.TemporaryDirectory() as directory:
        workspace = Path(directory) / "checkout"
        workspace.mkdir()
        subprocess.run(["git", "init", "--quiet"], cwd=workspace, check=True)
        identity = ["-c", "user.name=Bench", "-c", "user.email=bench@example.org"]
        subprocess.run(["git", *identity, "commit", "--quiet", "--allow-empty", "-m", "Begin"], cwd=workspace, check=True)
        commands: list[float] = []
        began = time.perf_counter()
        (_ours if who == "ours" else _floor)(url, workspace, commands)
        wall = time.perf_counter() - began
    # Not getrusage: its figure takes over the parent's memory at the moment of the fork.
    status = Path("/proc/self/status").read_text()
    peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
    print(json.dumps({"wall": wall, "commands": sum(commands), "peak_mb": peak}))


if __name__ == "__main__":
    _child(sys.argv[1], sys.argv[2])
