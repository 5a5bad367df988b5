"""Goal: no link in a document leads nowhere. Method: follow each relative link and heading."""

import re
from pathlib import Path

import pytest

from tests.tidy.checkout import ROOT, text_files

LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
REFERENCE = re.compile(r"^\s*\[[^\]]+\]:\s+(\S+)", re.MULTILINE)
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
OUTSIDE = re.compile(r"^(https?|mailto):")


def prose(text: str) -> str:
    """Return the text without its code, in which brackets mean other things."""
    return re.sub(r"`[^`\n]*`", "", FENCE.sub("", text))


def anchors(text: str) -> set[str]:
    """Return the names by which the headings of a document can be linked to."""
    found: dict[str, int] = {}
    result = set()
    for heading in re.findall(r"^#+\s+(.*?)\s*#*$", FENCE.sub("", text), re.MULTILINE):
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        result.add(f"{slug}-{found[slug]}" if slug in found else slug)
        found[slug] = found.get(slug, 0) + 1
    return result


def broken_links(document: Path) -> list[str]:
    """Return the targets of a document's links that do not exist."""
    text = document.read_text(encoding="utf-8")
    targets = LINK.findall(prose(text)) + REFERENCE.findall(prose(text))
    broken = []
    for target in targets:
        if OUTSIDE.match(target):
            continue
        path, _, anchor = target.partition("#")
        place = (document.parent / path).resolve() if path else document
        if not place.exists() or (
            anchor
            and place.suffix == ".md"
            and anchor not in anchors(place.read_text(encoding="utf-8"))
        ):
            broken.append(target)
    return broken


DOCUMENTS = [path for path, _ in text_files() if path.endswith(".md")]


@pytest.mark.parametrize("path", DOCUMENTS)
def test_every_link_leads_somewhere(path: str) -> None:
    assert broken_links(ROOT / path) == []


def test_there_are_documents() -> None:
    assert "docs/STYLE.md" in DOCUMENTS


def test_the_check_is_awake(tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# One thing\n\n## Two, things\n\n## Two, things\n")
    document = tmp_path / "document.md"
    document.write_text(
        "[a](other.md) [b](other.md#one-thing) [c](other.md#two-things-1) [d](#here)\n"
        "[e](missing.md) ![f](missing.png) [g](other.md#gone) [h](#gone)\n[i]: gone.md\n"
        "# Here\n```\n[code](nowhere)\n```\n`[code](nowhere)` [out](https://example.org/x)\n"
    )
    assert broken_links(document) == [
        "missing.md",
        "missing.png",
        "other.md#gone",
        "#gone",
        "gone.md",
    ]
