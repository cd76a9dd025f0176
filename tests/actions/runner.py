"""A runner that executes the shipped workflow's own steps, in order, with the events that GitHub would send.

Every `run:` script goes to a real shell. Of `uses:` the repository's own composite action is executed step by step; the
four official actions are stood in for by what they do. `pip` finds everything installed, so it is told to change nothing.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from bot.hub import seed
from bot.hub.actions import runs as action_runs
from bot.hub.store.hub import Hub
from tests.actions.expressions import as_text, evaluated, filled
from tests.patience import PATIENCE

HERE = Path(__file__).parents[2]
WORKFLOW = HERE / ".github" / "workflows" / "groundskeeper.yml"
_OWN = re.compile(r"(?:[$]|[\w.-]+/[\w.-]+)/(?P<path>\.github/actions/[\w-]+)(?:@[0-9a-f]{40})?")
_INSTALLED: dict[str, Path] = {}
_OFFICIAL = (
    *("actions/setup-python", "actions/upload-artifact", "actions/download-artifact"),
    *("actions/checkout", "actions/cache/restore", "actions/cache/save"),
)


def read(path: Path) -> Any:
    """YAML as GitHub reads it: `on` is a word, not a truth value."""
    text = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {("on" if key is True else key): value for key, value in text.items()}


@dataclass(kw_only=True)
class JobRun:
    result: str = "success"
    outputs: dict[str, str] = field(default_factory=dict)


@dataclass(kw_only=True)
class Runner:
    """`place` keeps artifacts and workspaces; `surroundings` is what GitHub and the machine put into every step."""

    place: Path
    repository: str
    server: str
    api: str
    token: str
    secrets: Mapping[str, str]
    variables: Mapping[str, str]
    surroundings: Mapping[str, str] = field(default_factory=dict)
    executed: set[tuple[str, str]] = field(default_factory=set)
    """File and name of each `run:` step that was executed."""
    log: list[str] = field(default_factory=list)
    runs: int = 0
    lose_jobs: set[str] = field(default_factory=set)
    """Names of jobs whose machine dies before it has done anything, once each."""
    workflow: Path = WORKFLOW
    """As it is here, or as `init` has written it for a repository."""
    installed: dict[str, Path] = field(default_factory=lambda: _INSTALLED)
    """What machines find installed, by the inputs of the action that did it: it is executed only for the first of them."""
    cancels: dict[str, str] = field(default_factory=dict)
    """Job to the words in its output at which somebody presses *Cancel*, once."""
    secrets_of: Callable[[str | None, str], Mapping[str, str]] | None = None
    """What a job gets that names this environment on this ref, where it is not the same for all; ValueError where it may not name it."""
    hub: Hub | None = None
    """Where runs are put on record under their ids, so that whoever asks for an attempt is told the truth."""

    def fire(self, event: str, payload: Mapping[str, Any], *, inputs: Mapping[str, str] | None = None) -> bool:
        """Whether the event made the workflow run at all. A dispatch that the hub tells of is already on record there, and waits."""
        if event == "workflow_dispatch" and "workflow" in payload:
            return self.take_dispatches() > 0
        wanted = read(self.workflow)["on"]
        types = wanted[event].get("types") if isinstance(wanted.get(event), dict) else None
        if event not in wanted or (types is not None and payload["action"] not in types):
            return False
        self.runs += 1
        number = 1000 + self.runs
        if self.hub is not None:
            number = action_runs.make_run(self.hub, self.repository, WORKFLOW.name, event=event, inputs=inputs)
        self._play(Workflow(runner=self, event=event, payload=payload, inputs=dict(inputs or {}), number=number))
        return True

    def take_dispatches(self) -> int:
        """Plays what was asked for by `workflow_dispatch` since the last time, each under the id it was given; returns how many."""
        waiting = action_runs.untaken(self.hub, self.repository) if self.hub is not None else ()
        for one in waiting:
            self.runs += 1
            payload = {"inputs": dict(one.inputs), "ref": f"refs/heads/{one.ref}", "workflow": f".github/workflows/{one.workflow}"}
            self._play(Workflow(runner=self, event="workflow_dispatch", payload=payload, inputs=dict(one.inputs), number=one.run_id))
        return len(waiting)

    def _play(self, workflow: Workflow) -> None:
        self._report(workflow.number, "in_progress")
        workflow.play()
        failed = any(job.result == "failure" for job in workflow.jobs.values())
        self._report(workflow.number, "completed", "failure" if failed else "success")

    def _report(self, number: int, status: str, conclusion: str | None = None) -> None:
        if self.hub is not None:
            action_runs.set_run(self.hub, self.repository, number, status=status, conclusion=conclusion)


@dataclass(kw_only=True)
class Workflow:
    runner: Runner
    event: str
    payload: Mapping[str, Any]
    inputs: dict[str, str]
    number: int
    jobs: dict[str, JobRun] = field(default_factory=dict)

    @property
    def place(self) -> Path:
        return self.runner.place / str(self.number)

    @property
    def ref(self) -> str:
        """https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows, GITHUB_REF of each"""
        match self.event:
            case "pull_request_review":
                return f"refs/pull/{self.payload['pull_request']['number']}/merge"
            case "merge_group":
                return str(self.payload["merge_group"]["head_ref"])
            case _:
                return "refs/heads/main"

    def play(self) -> None:
        for name, job in read(self.runner.workflow)["jobs"].items():
            self._job(name, job)

    def _contexts(self, **more: Any) -> dict[str, Any]:
        github = {
            "event_name": self.event,
            "event": self.payload,
            "repository": self.runner.repository,
            "token": self.runner.token,
        }
        needs = {name: {"outputs": run.outputs, "result": run.result} for name, run in self.jobs.items()}
        machine = {"os": "Linux", "arch": "X64"}
        known = {
            "runner": machine,
            "github": github,
            "inputs": self.inputs,
            "needs": needs,
            "secrets": self.runner.secrets,
            "vars": self.runner.variables,
        }
        return {"job": {"status": "success"}, **known, **more}

    def _job(self, name: str, job: Mapping[str, Any]) -> None:
        needs = [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
        fine = all(self.jobs[each].result == "success" for each in needs)
        condition, known = str(job.get("if", "success()")), self._contexts(job={"status": "success" if fine else "failure"})
        if not (fine or "always()" in condition) or not evaluated(condition, known):
            self.jobs[name] = JobRun(result="skipped")
            return
        self.jobs[name] = JobRun()
        matrix = filled((job.get("strategy") or {}).get("matrix"), self._contexts())
        assert matrix is None or int(filled(job["strategy"]["max-parallel"], self._contexts())) >= 1
        for at, entry in enumerate(matrix["include"] if matrix else [{}]):
            one = Job(workflow=self, name=name, spec=job, matrix=entry, place=self.place / f"{name}-{at}")
            if name in self.runner.lose_jobs:
                self.runner.lose_jobs.discard(name)
                self.jobs[name].result = "failure"
            elif not one.play():
                self.jobs[name].result = "failure"
            self.jobs[name].outputs |= one.outputs


@dataclass(kw_only=True)
class Job:
    workflow: Workflow
    name: str
    spec: Mapping[str, Any]
    matrix: Mapping[str, Any]
    place: Path
    status: str = "success"
    secrets: Mapping[str, str] = field(default_factory=dict)
    steps: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)

    def play(self) -> bool:
        for part in ("work", "temp", "home"):
            (self.place / part).mkdir(parents=True)
        int(filled(self.spec["timeout-minutes"], self._contexts()))
        runner = self.workflow.runner
        try:
            named = (self.spec.get("environment") or {}).get("name")
            self.secrets = runner.secrets_of(named, self.workflow.ref) if runner.secrets_of else runner.secrets
        except ValueError as refused:
            runner.log.append(f"[{self.workflow.number} {self.workflow.event} {self.name}] {refused}")
            return False
        for step in self.spec["steps"]:
            self._step(step, self.workflow.runner.workflow, {})
        self.outputs = {key: as_text(filled(value, self._contexts())) for key, value in self.spec.get("outputs", {}).items()}
        return self.status == "success"

    def _contexts(self, **more: Any) -> dict[str, Any]:
        known = self.workflow._contexts(job={"status": self.status}, matrix=self.matrix, steps=self.steps, secrets=self.secrets, **more)
        if (self.spec.get("permissions") or {}).get("actions") == "write" and self.workflow.runner.hub is not None:
            granted = dict(self.spec["permissions"])
            known["github"]["token"] = seed.add_job_token(self.workflow.runner.hub, self.workflow.runner.repository, granted)
        return known

    def _step(self, step: Mapping[str, Any], file: Path, inputs: Mapping[str, Any]) -> None:
        contexts = self._contexts(**({"inputs": inputs} if inputs or file != self.workflow.runner.workflow else {}))
        condition = str(step.get("if", "success()"))
        if not (self.status == "success" or "always()" in condition) or not evaluated(condition, contexts):
            return
        if "run" in step:
            self._shell(step, file, {key: as_text(filled(value, contexts)) for key, value in step.get("env", {}).items()})
        else:
            self._use(step["uses"], {key: filled(value, contexts) for key, value in step.get("with", {}).items()})

    def _use(self, action: str, given: Mapping[str, Any]) -> None:
        own = _OWN.fullmatch(action)
        if own is not None:
            place = HERE / own["path"] / "action.yml"
            spec = read(place)
            inputs = {key: given.get(key, one.get("default")) for key, one in spec["inputs"].items()}
            runner, made, wanted = self.workflow.runner, self.place / "temp" / "groundskeeper", json.dumps(inputs)
            if wanted in runner.installed:
                shutil.copy2(runner.installed[wanted], made)
                return
            for step in spec["runs"]["steps"]:
                self._step(step, place, inputs)
            runner.installed[wanted] = made
            return
        if action.startswith("./"):
            place = self.place / "work" / action / "action.yml"
            for step in read(place)["runs"]["steps"]:
                self._step(step, place, {})
            return
        name, _, commit = action.partition("@")
        assert name in _OFFICIAL, f"nothing stands in for {name}"
        assert len(commit) == 40, f"{action} is not pinned to a commit"
        store = self.workflow.place / "artifacts"
        if name == "actions/upload-artifact":
            source = self.place / "work" / given["path"]
            if source.is_dir() and any(source.iterdir()):
                shutil.copytree(source, store / given["name"])  # an artifact cannot be written twice
            else:
                assert given["if-no-files-found"] == "warn"
        elif name == "actions/checkout":
            self._checked_out(given)
        elif name == "actions/cache/restore":
            self._restored(given)
        elif name == "actions/cache/save":
            kept = runner_caches(self.workflow.runner.place) / given["key"]
            if not kept.exists():  # a cache is never written over
                shutil.copytree(self.place / "work" / given["path"], kept, symlinks=True)
        elif name == "actions/download-artifact":
            found = sorted(store.glob(given.get("pattern") or given["name"]))
            assert found or "pattern" in given, f"there is no artifact {given['name']}"
            for each in found:
                shutil.copytree(each, self.place / "work" / given["path"], dirs_exist_ok=True)

    def _checked_out(self, given: Mapping[str, Any]) -> None:
        """Of the default branch, only the folder that is asked for."""
        assert given["persist-credentials"] is False
        work, folder = self.place / "work", given["sparse-checkout"]
        remote = f"{self.workflow.runner.server}/{self.workflow.runner.repository}.git".replace(
            "://", f"://x:{self.workflow.runner.token}@"
        )
        tree = self.place / "checkout"
        cloned = ["git", "clone", "-q", "--depth", "1", "--branch", given["ref"] or "main", remote, str(tree)]
        subprocess.run(cloned, check=True, env={**os.environ, "GIT_TERMINAL_PROMPT": "0"})
        if (tree / folder).is_dir():
            shutil.copytree(tree / folder, work / folder)

    def _restored(self, given: Mapping[str, Any]) -> None:
        """The newest cache whose key begins as asked."""
        caches = runner_caches(self.workflow.runner.place)
        found = [each for each in caches.iterdir() if each.name.startswith(given["restore-keys"])] if caches.is_dir() else []
        if found:
            newest = max(found, key=lambda each: each.stat().st_mtime)
            shutil.copytree(newest, self.place / "work" / given["path"], symlinks=True)

    def _shell(self, step: Mapping[str, Any], file: Path, env: Mapping[str, str]) -> None:
        runner, temp = self.workflow.runner, self.place / "temp"
        script, output, event = temp / "script.sh", temp / "output", temp / "event.json"
        assert "${{" not in step["run"], "text from outside may reach a script through env: only"
        script.write_text(step["run"], encoding="utf-8")
        output.write_text("")
        event.write_text(json.dumps(self.workflow.payload), encoding="utf-8")
        told = {
            "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin",
            "LANG": "C.UTF-8",
            "HOME": str(self.place / "home"),
            "RUNNER_TEMP": str(temp),
            "GITHUB_ACTION_PATH": str(file.parent),
            "GITHUB_ACTOR": "ann",
            "GITHUB_API_URL": runner.api,
            "GITHUB_SERVER_URL": runner.server,
            "GITHUB_EVENT_NAME": self.workflow.event,
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_OUTPUT": str(output),
            "GITHUB_REPOSITORY": runner.repository,
            "GITHUB_RUN_ID": str(self.workflow.number),
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_STEP_SUMMARY": str(temp / "summary.md"),
            "GITHUB_WORKFLOW_REF": f"{runner.repository}/.github/workflows/{WORKFLOW.name}@refs/heads/main",
            "PIP_DRY_RUN": "1",
            "PIP_NO_INDEX": "1",
            **{key: value for key, value in os.environ.items() if key.startswith("COVERAGE")},
            **runner.surroundings,
            **env,
        }
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)]
        code, said = self._executed(command, told)
        runner.executed.add((file.name, step["name"]))
        runner.log.append(f"[{self.workflow.number} {self.workflow.event} {self.name}] {step['name']}: {said}")
        lines = [line.partition("=") for line in output.read_text(encoding="utf-8").splitlines()]
        if "id" in step:
            self.steps[step["id"]] = {"outputs": {key: value for key, _, value in lines}}
        if code and self.status == "success":
            self.status = "failure"

    def _executed(self, command: list[str], told: Mapping[str, str]) -> tuple[int, str]:
        """Exit status and output. A cancelled step's first process, and no other, gets SIGINT, and is killed where that does not end it.

        https://docs.github.com/actions/reference/workflows-and-actions/workflow-cancellation
        """
        waited_for = self.workflow.runner.cancels.get(self.name)
        said = []
        with subprocess.Popen(
            command, cwd=self.place / "work", env=told, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        ) as process:
            assert process.stdout is not None
            guard = threading.Timer(PATIENCE, os.killpg, (process.pid, signal.SIGKILL))
            guard.start()
            for line in process.stdout:
                said.append(line)
                if waited_for is not None and waited_for in line:
                    waited_for = self.workflow.runner.cancels.pop(self.name, None) and None
                    self.status = "cancelled"
                    process.send_signal(signal.SIGINT)
                    guard.cancel()
                    guard = threading.Timer(PATIENCE, os.killpg, (process.pid, signal.SIGKILL))
                    guard.start()
            process.wait()
            guard.cancel()
        return process.returncode, "".join(said)


def runner_caches(place: Path) -> Path:
    return place / "caches"


def scripts() -> set[tuple[str, str]]:
    """File and name of every `run:` step that is shipped for users."""
    action = HERE / ".github" / "actions" / "install" / "action.yml"
    steps = [(WORKFLOW, step) for job in read(WORKFLOW)["jobs"].values() for step in job["steps"]]
    steps += [(action, step) for step in read(action)["runs"]["steps"]]
    return {(file.name, step["name"]) for file, step in steps if "run" in step}
