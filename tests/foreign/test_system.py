"""Libraries and a server from Debian, for projects that need them: found, prepared without root, and there when the tests run."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from bot.ports import Outcome
from tests.foreign.running import prepared

pytestmark = [pytest.mark.slow, pytest.mark.sandboxed, pytest.mark.timeout(400)]
_C = """\
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <jansson.h>

static void counts(void **state) {
    (void)state;
    assert_int_equal(json_array_size(json_loads("[1, 2]", 0, NULL)), 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(counts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
"""
_POSTGRESQL = """\
import pg8000.native


def test_a_table_keeps_what_it_is_given():
    connection = pg8000.native.Connection("postgres", host="127.0.0.1")
    connection.run("CREATE TEMPORARY TABLE pots (name text)")
    connection.run("INSERT INTO pots VALUES ('terracotta')")
    assert connection.run("SELECT name FROM pots") == [["terracotta"]]
"""


def planted(tree: Path, files: dict[str, str]) -> Path:
    for path, text in files.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(text)
    return tree


def run(tree: Path, command: str) -> Outcome:
    with prepared(tree) as ready:
        return ready.sandbox.run(["bash", "-c", command], workspace=tree, timeout=timedelta(minutes=3))


@pytest.mark.skipif(shutil.which("apt-get") is None or shutil.which("cc") is None, reason="this machine is no Debian with a compiler")
def test_a_project_in_c_finds_debians_libraries(tmp_path: Path) -> None:
    makefile = "test: check\n\t./check\ncheck: check.c\n\tcc check.c $$(pkg-config --cflags --libs jansson cmocka) -o check\n"
    tree = planted(tmp_path / "in-c", {"Aptfile": "libcmocka-dev\nlibjansson-dev\n", "Makefile": makefile, "check.c": _C})

    outcome = run(tree, "make test")

    assert outcome.exit_code == 0, outcome.output
    assert "1 test(s) run" in outcome.output


@pytest.mark.skipif(not list(Path("/usr/lib/postgresql").glob("*/bin/initdb")), reason="PostgreSQL is not installed here")
def test_tests_that_need_postgresql_find_it_running(tmp_path: Path) -> None:
    tree = planted(tmp_path / "with-postgresql", {"requirements.txt": "pg8000\npytest\n", "tests/test_pots.py": _POSTGRESQL})

    outcome = run(tree, "python -m pytest -q")

    assert outcome.exit_code == 0, outcome.output
    assert "1 passed" in outcome.output
