"""Goal: every file keeps the house rules. Method: run each rule over every file it concerns."""

from collections.abc import Callable
from typing import NamedTuple

import pytest

from tests.tidy import rules
from tests.tidy.checkout import (
    ROOT,
    Source,
    compiled_rooms,
    parse,
    pure_rooms,
    python_sources,
    room,
    text_files,
)
from tests.tidy.exceptions import EXCEPTIONS
from tests.tidy.set_order import set_order


class Watch(NamedTuple):
    """A rule and the Python files it is run on."""

    rule: rules.Rule
    concerns: Callable[[Source], bool]


def everywhere(source: Source) -> bool:
    """Concern every file."""
    return True


WATCHES = {
    "function_length": Watch(rules.function_length, everywhere),
    "file_length": Watch(rules.file_length, everywhere),
    "line_length": Watch(rules.line_length, everywhere),
    "empty_names": Watch(rules.empty_names, everywhere),
    "reminders": Watch(rules.reminders, everywhere),
    "skipped_tests": Watch(rules.skipped_tests, everywhere),
    "docstrings": Watch(rules.docstrings, rules.in_package),
    "outside_calls": Watch(rules.outside_calls, lambda source: room(source.path) in pure_rooms()),
    "identity": Watch(rules.identity, lambda source: room(source.path) in compiled_rooms()),
    "set_order": Watch(set_order, lambda source: room(source.path) in compiled_rooms()),
    "structs": Watch(rules.structs, lambda source: room(source.path) in compiled_rooms()),
    "floats": Watch(rules.floats, lambda source: room(source.path) == "engine"),
}


def findings(name: str) -> list[rules.Finding]:
    """Run one rule over the checkout, exceptions included."""
    watch = WATCHES[name]
    return [f for source in python_sources() if watch.concerns(source) for f in watch.rule(source)]


@pytest.mark.parametrize("name", WATCHES)
def test_no_file_breaks_the_rule(name: str) -> None:
    stands = [f for f in findings(name) if (name, f.subject) not in EXCEPTIONS]
    assert not stands, "\n" + "\n".join(f"{f.subject} line {f.line}: {f.what}" for f in stands)


def test_every_exception_is_still_needed() -> None:
    needed = {(name, finding.subject) for name in WATCHES for finding in findings(name)}
    stale = sorted(set(EXCEPTIONS) - needed)
    assert not stale, f"no longer needed, take them off the list: {stale}"


def test_every_rule_has_files_to_watch() -> None:
    for name, watch in WATCHES.items():
        assert any(watch.concerns(source) for source in python_sources()), name


@pytest.mark.parametrize("rule", [rules.reminders, rules.line_length])
def test_scripts_and_documents_keep_the_rules_of_text(rule: rules.Rule) -> None:
    """Prose wraps where it likes in tables, so only scripts are held to the width."""
    stands = [
        finding
        for path, text in text_files()
        if not path.endswith(".py")
        and (rule is rules.reminders or path == ".ci/run")
        and not path.startswith("requirements/")
        for finding in rule(Source(path, text, parse("", "").tree))
    ]
    assert not stands, stands


def test_no_extension_was_built_among_the_sources() -> None:
    """An extension under src/ would shadow its source and leave every edit without effect."""
    built = [path for end in ("so", "pyd") for path in (ROOT / "src").rglob(f"*.{end}")]
    assert built == []
