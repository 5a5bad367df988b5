"""The pytest plugin: fixtures ``broker`` and ``new_broker``, and the event log of a failed test.

Promises: loading it costs nothing to speak of: whatever it needs is loaded by the first fixture. A
test's Worlds end with it, whatever it did. Must not know: how a World is made.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from stockyard.testing.broker import Broker

MARK: Final = "stockyard"
SETTINGS: Final = {
    "journal": "memory or disk (memory)",
    "market": "none or simulated (none)",
    "start": "when the clock stands: RFC 3339, next_open or now (an ordinary Monday's open)",
    "profile": "realism profile of new accounts (ideal)",
    "cash": "dollars of every account (100000)",
    "seed": "seed of the simulated market (1)",
    "rate": "quotes a World's second of the simulated market (1)",
    "calendar": "sessions of stocks: xnys or always (xnys)",
}
"""Options of a World, each also a setting ``stockyard_<name>`` of pytest."""
_BROKERS: Final = pytest.StashKey["list[Broker]"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the settings."""
    for name, about in SETTINGS.items():
        parser.addini(f"{MARK}_{name}", f"stockyard: {about}")


def pytest_configure(config: pytest.Config) -> None:
    """Add the mark."""
    config.addinivalue_line(
        "markers", f"{MARK}({', '.join(SETTINGS)}): options of this test's World"
    )


@pytest.fixture
def new_broker(request: pytest.FixtureRequest) -> "Iterator[Callable[..., Broker]]":
    """Make a World of its own; further ones share nothing with it. Options as of the mark."""
    from stockyard.testing.broker import Broker, open_broker

    made: list[Broker] = request.node.stash.setdefault(_BROKERS, [])
    said = _said(request)
    with ExitStack() as stack:

        def make(**options: Any) -> Broker:
            path = request.getfixturevalue("tmp_path") / f"stockyard{len(made) or ''}"
            found = stack.enter_context(open_broker(path, said, options))
            made.append(found)
            return found

        yield make


@pytest.fixture
def broker(new_broker: "Callable[..., Broker]") -> "Broker":
    """A Stockyard of this test's own: a World with an account and its key, its clock stopped."""
    return new_broker()


def _said(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The options of the settings, and over them those of the nearest mark."""
    found: dict[str, Any] = {}
    for name in SETTINGS:
        value = request.config.getini(f"{MARK}_{name}")
        if value not in (None, ""):
            found[name] = value
    for mark in reversed(list(request.node.iter_markers(MARK))):
        if mark.args:
            raise pytest.UsageError(f"mark {MARK}: name each option, as in {MARK}(market='none')")
        found |= mark.kwargs
    return found


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put the event log of each of its Worlds into the report of a test that failed."""
    report = yield
    if report.when == "call" and report.failed:
        for one in item.stash.get(_BROKERS, []):
            report.sections.append((f"Stockyard at {one.url}: what happened", _log(one)))
    return report


def _log(one: "Broker") -> str:
    """Its event log; a Stockyard that cannot tell must not hide why the test failed."""
    from stockyard.client import ApiError

    try:
        return one.log()
    except ApiError as error:
        return f"its event log cannot be read: {error}"
