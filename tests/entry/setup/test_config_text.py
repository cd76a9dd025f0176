"""The file that `init` writes and the schema of what may stand in it, both held to the configuration itself."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator

from bot.entry.config import Config, parse
from bot.entry.setup.config_text import as_written, config_text
from bot.entry.setup.schema import FILE, schema_text

CHECKER = Path(sys.executable).with_name("check-jsonschema")


def test_the_shipped_schema_is_up_to_date() -> None:
    assert FILE.read_text(encoding="utf-8") == schema_text(), "write it anew: python -m bot.entry.setup.schema"


def test_the_written_file_is_valid_and_all_defaults(tmp_path: Path) -> None:
    written = tmp_path / "groundskeeper.yml"
    written.write_text(config_text(Config(), schema="groundskeeper.schema.json"))

    checked = subprocess.run([CHECKER, "--schemafile", FILE, written], capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stdout
    assert parse(written.read_text()) == Config()
    assert written.read_text().startswith("# yaml-language-server: $schema=groundskeeper.schema.json\n")


def test_the_schema_refuses_what_the_parser_refuses() -> None:
    wrong = {"agents": "2", "merge": {"method": "sqash"}, "budget": {"daily": -1}, "agent": 1}

    said = [error.message for error in Draft202012Validator(json.loads(schema_text())).iter_errors(wrong)]

    assert "'2' is not of type 'integer'" in said
    assert "'sqash' is not one of ['merge', 'squash', 'rebase']" in said
    assert "-1 is less than the minimum of 0" in said
    assert any("'agent' was unexpected" in one for one in said)


def test_every_option_stands_there_with_its_meaning() -> None:
    text = config_text(Config(), schema="x")

    def leaves(schema: dict[str, object]) -> list[tuple[str, str]]:
        parts = json.loads(schema_text())["$defs"]
        return [(name, one["description"]) for part in [schema, *parts.values()] for name, one in part.get("properties", {}).items()]

    one_line = " ".join(text.replace("#", " ").split())
    for name, meaning in leaves(json.loads(schema_text())):
        assert f"{name}:" in text
        assert " ".join(meaning.split()) in one_line


def test_a_change_by_a_person_is_seen() -> None:
    text = config_text(Config(agents=3, board=7), schema="x")

    assert as_written(text, schema="x") == Config(agents=3, board=7)
    assert as_written(text.replace("daily: 10", "daily: 20"), schema="x") is None
    assert as_written(text + "# mine\n", schema="x") is None
    assert as_written("agents: [", schema="x") is None
    assert yaml.safe_load(text)["board"] == 7
