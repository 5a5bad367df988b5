"""The examples of the guide, run as they stand there."""

import re

import pytest

from tests.tidy.checkout import ROOT

pytest_plugins = ["pytester"]
GUIDE = ROOT / "docs/guides/test-your-bot.md"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"# (\w+)\.py\n")


def blocks() -> list[str]:
    return BLOCK.findall(GUIDE.read_text(encoding="utf-8"))


def modules() -> dict[str, str]:
    """The blocks that begin with the name of their file."""
    return {
        found.group(1): block for block in blocks() if (found := NAMED.match(block)) is not None
    }


EXAMPLES = [name for name in modules() if name.startswith("test_")]


def run(pytester: pytest.Pytester, files: dict[str, str], *wanted: str) -> None:
    pytester.makepyfile(**files)
    result = pytester.runpytest_subprocess(
        "-p", "stockyard.testing.plugin", "-p", "no:asyncio", *wanted
    )
    # Alpaca's client warns of its own way to load a library.
    outcomes = {name: n for name, n in result.parseoutcomes().items() if name != "warnings"}
    assert set(outcomes) == {"passed"}, outcomes


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_runs_as_it_stands(pytester: pytest.Pytester, name: str) -> None:
    run(pytester, modules(), f"{name}.py")


def test_the_first_lines_run(pytester: pytest.Pytester) -> None:
    loose = [block for block in blocks() if "def test_" in block and not NAMED.match(block)]
    run(pytester, {f"test_loose{n}": block for n, block in enumerate(loose)})


def test_there_are_examples_for_each_part() -> None:
    assert EXAMPLES == [
        "test_night_bot",
        "test_counting_bot",
        "test_bracket_bot",
        "test_polling_bot",
    ]
