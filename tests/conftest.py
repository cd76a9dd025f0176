"""For all tests: the longest ones begin first, and every hub is held against what GitHub publishes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.contract.counts import counts, lines, missing, together, unused
from tests.contract.watching import SEEN

settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")  # what holds for an example does not depend on how long this machine takes for it

_workers: list[dict[str, dict[str, int]]] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--contract",
        action="store_true",
        help="tell at the end what was held against GitHub's descriptions, and fail on needless allowances",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that needs its own time limit is a long one."""
    items.sort(key=lambda item: item.get_closest_marker("timeout") is None)


@pytest.fixture(autouse=True)
def _conforms() -> Iterator[None]:
    """Whatever a test is about: what its hub was asked by the bot and what it answered is as GitHub describes it."""
    yield
    wrong = SEEN.taken()
    if wrong:
        pytest.fail("not as GitHub describes it:\n" + "\n".join(wrong[:40]), pytrace=False)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A worker process of pytest-xdist has ended."""
    _workers.append(getattr(node, "workeroutput", {}).get("contract", {}))


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["contract"] = counts(SEEN)
    elif session.config.option.contract and session.exitstatus == 0 and (_needless(session.config) or missing()):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if not config.option.contract:
        return
    terminalreporter.section("held against what GitHub publishes")
    for line in lines(_counted()):
        terminalreporter.line(line)
    for line in _needless(config):
        terminalreporter.line(f"tests/contract/allowed.py allows what nothing needs: {line}", red=True)
    for line in missing():
        terminalreporter.line(f"{line} is not here, and nothing was held against it: `make references` fetches it with npm", red=True)


def _counted() -> dict[str, dict[str, int]]:
    return together([*_workers, counts(SEEN)])


def _needless(config: pytest.Config) -> list[str]:
    """Only a whole run can say so."""
    return [] if config.option.keyword or config.option.markexpr not in ("", "not soak") or missing() else unused(_counted())
