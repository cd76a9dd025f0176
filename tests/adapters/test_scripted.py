"""The scripted model plays the scene that fits, goes on where a conversation stands, and complains when script and play differ."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bot.adapters.scenario_files import read_scenario
from bot.adapters.scripted import ScenarioError, Scene, ScriptedModel, Step, step
from bot.core.errors.model_errors import ModelError, ModelErrorKind
from bot.core.errors.user_errors import UserError
from bot.core.money.pricing import Usage
from bot.core.roles.role import Role
from bot.core.runs.conversation import Message, Purpose, Reply, Request, Speaker, StopReason, TextBlock, ToolUseBlock

SCENARIO = """
- role: execution
  title: Parser loses
  cycle: 1
  steps:
    - say: I look.
      bash: {command: cat parser.py}
    - error: overloaded
    - calls:
        - edit: {do: create, path: "note-${project}", new: x}
        - finish: {report: Done}
      usage: {input: 5, output: 6}
- role: review
  any_number: true
  steps:
    - verdict: {approve: true}
"""


def request(
    role: Role = Role.EXECUTION, project: int = 7, cycle: int = 1, *, title: str = "Parser loses a line", so_far: tuple[Reply, ...] = ()
) -> Request:
    messages = [Message(speaker=Speaker.USER, blocks=(TextBlock(text=f"Issue {project}\n{title}"),))]
    for reply in so_far:
        messages += [reply.message, Message(speaker=Speaker.USER, blocks=(TextBlock(text="go on"),))]
    purpose = Purpose(role=role, project=project, cycle=cycle, run="r")
    return Request(model="m", system="s", messages=tuple(messages), tools=(), max_tokens=100, purpose=purpose)


def ask(model: ScriptedModel, given: Request) -> Reply:
    return model.reply(given, cancelled=lambda: False)


@pytest.fixture
def model(tmp_path: Path) -> ScriptedModel:
    path = tmp_path / "scenario.yml"
    path.write_text(SCENARIO)
    return ScriptedModel(read_scenario(path))


def test_a_scene_is_played_in_order_with_its_error_once(model: ScriptedModel) -> None:
    first = ask(model, request())
    with pytest.raises(ModelError) as caught:
        ask(model, request(so_far=(first,)))
    second = ask(model, request(so_far=(first,)))

    assert first.message.blocks[0] == TextBlock(text="I look.")
    assert caught.value.kind is ModelErrorKind.OVERLOADED
    assert [block.input for block in second.message.blocks if isinstance(block, ToolUseBlock)] == [
        {"do": "create", "path": "note-7", "new": "x"},
        {"report": "Done"},
    ]
    assert (second.stop, second.usage) == (StopReason.TOOL_USE, Usage(input=5, output=6))


def test_a_run_that_lost_its_machine_begins_the_scene_again(model: ScriptedModel) -> None:
    first = ask(model, request())

    assert ask(model, request()).message == first.message


@pytest.mark.parametrize(
    "given",
    [request(cycle=2), request(title="Something else"), request(Role.IDEATION)],
)
def test_a_request_that_no_scene_fits_is_named(model: ScriptedModel, given: Request) -> None:
    with pytest.raises(ScenarioError, match=f"no scene .* for {given.purpose.role.value} of project 7, cycle {given.purpose.cycle}"):
        ask(model, given)


def test_a_scene_that_runs_dry_is_named_with_the_step(model: ScriptedModel) -> None:
    review = ask(model, request(Role.REVIEW))

    with pytest.raises(ScenarioError, match="'review' has no step 2"):
        ask(model, request(Role.REVIEW, so_far=(review,)))


def test_what_was_not_played_is_told(model: ScriptedModel) -> None:
    ask(model, request())

    assert model.unused() == ("review: never played", "execution 'Parser loses' cycle 1: left after step 1 of 3")


def test_ten_runs_at_once_each_get_their_own_scene() -> None:
    model = ScriptedModel([Scene(role=Role.EXECUTION, project=number, steps=(step("bash", command=str(number)),)) for number in range(10)])

    with ThreadPoolExecutor(10) as pool:
        replies = list(pool.map(lambda number: ask(model, request(project=number)), range(10)))

    assert [block.input["command"] for reply in replies for block in reply.message.blocks if isinstance(block, ToolUseBlock)] == [
        str(number) for number in range(10)
    ]
    assert model.unused() == ()


def test_usage_grows_with_the_conversation_and_reads_from_the_cache() -> None:
    model = ScriptedModel([Scene(role=Role.EXECUTION, steps=(Step(say="a" * 400), Step(say="b")))])

    first = ask(model, request())
    second = ask(model, request(so_far=(first,)))

    assert first.usage.cache_read == 0
    assert second.usage.cache_read >= 100
    assert model.scripted


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("role: execution", "must be a list"),
        ("- {role: execution}", "scene 1: needs role and steps"),
        ("- {role: cook, steps: []}", "scene 1: there is no role 'cook'"),
        ("- {role: review, steps: [], titel: x}", "scene 1"),
        ("- {role: review, steps: [{bash: ls}]}", "scene 1, step 1: the input of bash"),
        ("- {role: review, steps: [{error: rain}]}", "scene 1, step 1"),
        ("- {role: review, steps: [ls]}", "scene 1, step 1"),
    ],
)
def test_a_wrong_scenario_is_named_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "scenario.yml"
    path.write_text(text)

    with pytest.raises(UserError) as caught:
        read_scenario(path)

    assert words in str(caught.value)
