"""The configuration's JSON Schema, as editors and checkers read it: `python -m bot.entry.setup.schema` writes it beside the package."""

from __future__ import annotations

import json
from pathlib import Path

from bot.entry.config import Config

FILE = Path(__file__).resolve().parent.parent / "groundskeeper.schema.json"


def schema_text() -> str:
    """Draft 2020-12, which pydantic writes; made from `Config` alone, so that it cannot say anything else."""
    made = Config.model_json_schema()
    return json.dumps({"$schema": "https://json-schema.org/draft/2020-12/schema", **made}, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(schema_text(), encoding="utf-8")
