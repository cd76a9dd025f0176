"""What the command line says of itself: whole at any width, with a version, and by `help` as well as by `--help`."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from bot.entry.cli import cli


def commands(group: click.Group = cli, before: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield before
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*before, name))
        else:
            yield (*before, name)


def said(*args: str, columns: int = 80, code: int = 0) -> str:
    done = CliRunner().invoke(cli, args, terminal_width=columns)
    assert done.exit_code == code, done.output
    return done.output


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("command", list(commands()), ids="-".join)
def test_help_is_whole_and_fits(command: tuple[str, ...], columns: int) -> None:
    text = said(*command, "--help", columns=columns)

    assert "..." not in text.replace("[ARGS]...", "").replace("[COMMAND]...", "")
    assert [line for line in text.splitlines() if len(line) > columns] == []


def test_each_command_is_listed_with_a_whole_line() -> None:
    listed = said("--help").split("Commands:\n")[1]

    assert {line.split()[0] for line in listed.splitlines()} == set(cli.commands)
    assert [line for line in listed.splitlines() if not line.endswith(".")] == []


@pytest.mark.parametrize("command", list(commands()), ids="-".join)
def test_help_is_a_command_too(command: tuple[str, ...]) -> None:
    by_option = said(*command, "--help").partition("\n")[2]
    assert said("help", *command).partition("\n")[2] == by_option


def test_help_on_what_is_not_there_says_where_all_commands_are() -> None:
    assert "There is no command 'runn'; `groundskeeper help` lists all of them." in said("help", "runn", code=2)


@pytest.mark.parametrize("option", ["-V", "--version"])
def test_the_version_is_told(option: str) -> None:
    assert re.fullmatch(r"groundskeeper \S+( \S+)? \(Python 3\.\d+\.\d+\)\n", said(option))


@pytest.mark.parametrize("command", ["tick", "run", "demo"])
def test_quiet_and_verbose_exclude_each_other(command: str) -> None:
    assert "-q and -v contradict each other" in said(command, "-q", "-v", code=2)
