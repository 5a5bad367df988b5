"""Goal: an install takes exactly the files that were chosen. Method: read the locks as data."""

import json
import re

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.tidy.checkout import ROOT, settings

LOCKS = ("runtime", "dev", "build", "frameworks")
NPM_LOCKS = ("web/package-lock.json", "tests/compat/node/package-lock.json")
ADDRESS = re.compile(r"://|^\s*-|--(index-url|extra-index-url|find-links|trusted-host)| @ ", re.M)


def entries(text: str) -> list[tuple[Requirement, list[str]]]:
    """Return each locked requirement with its hashes."""
    joined = re.sub(r"\\\n", " ", re.sub(r"^\s*#.*$", "", text, flags=re.M))
    found = []
    for line in filter(None, map(str.strip, joined.splitlines())):
        requirement, *hashes = re.split(r"\s+--hash=", line)
        found.append((Requirement(requirement), hashes))
    return found


def addresses(text: str) -> list[str]:
    """Return what in a lock file says where to download from."""
    without_hashes = re.sub(r"^\s*--hash=sha256:[0-9a-f]{64}.*$|^\s*#.*$", "", text, flags=re.M)
    return ADDRESS.findall(without_hashes) + re.findall(r"https?://\S+", text)


def read(lock: str) -> str:
    """Return the text of one lock file."""
    return (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")


def wanted(lock: str) -> list[Requirement]:
    """Return what a lock file must satisfy."""
    project = settings()["project"]
    asked: dict[str, list[str]] = {
        "runtime": project["dependencies"],
        "dev": [
            *project["dependencies"],
            *project["optional-dependencies"]["dev"],
            *project["optional-dependencies"]["parquet"],
        ],
        "build": settings()["build-system"]["requires"],
        "frameworks": re.findall(
            r"^[^#\s]+", (ROOT / "requirements/frameworks.in").read_text(encoding="utf-8"), re.M
        ),
    }
    return [Requirement(text) for text in asked[lock]]


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address(lock: str) -> None:
    assert addresses(read(lock)) == []


@pytest.mark.parametrize("lock", NPM_LOCKS)
def test_a_lock_of_npm_names_no_address_and_fixes_every_file(lock: str) -> None:
    packages = json.loads((ROOT / lock).read_text(encoding="utf-8"))["packages"]
    assert len(packages) > 1
    for name, package in packages.items():
        assert "resolved" not in package, name
        if name and not package.get("optional"):
            assert package["integrity"].startswith("sha512-"), name


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_fixes_every_version_and_file(lock: str) -> None:
    locked = entries(read(lock))
    assert locked
    for requirement, hashes in locked:
        assert [part.operator for part in requirement.specifier] == ["=="], requirement
        assert hashes, requirement
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", one) for one in hashes), requirement


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_satisfies_what_the_project_asks_for(lock: str) -> None:
    """Red after an edit of pyproject.toml or a ``.in`` file without ``make lock``."""
    versions: dict[str, list[str]] = {}
    for requirement, _ in entries(read(lock)):
        version = next(iter(requirement.specifier)).version
        versions.setdefault(canonicalize_name(requirement.name), []).append(version)
    for asked in wanted(lock):
        found = versions.get(canonicalize_name(asked.name), [])
        assert found, f"{asked} is not locked"
        assert all(asked.specifier.contains(version) for version in found), (asked, found)


def test_the_locks_agree_with_each_other() -> None:
    """Tests must run on the versions that users get."""
    chosen: dict[str, set[str]] = {}
    for lock in LOCKS:
        for requirement, _ in entries(read(lock)):
            key = f"{canonicalize_name(requirement.name)} {requirement.marker or ''}"
            chosen.setdefault(key, set()).add(str(requirement.specifier))
    assert {key: found for key, found in chosen.items() if len(found) > 1} == {}


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://example.org/simple",
        "--find-links /somewhere",
        "--extra-index-url x",
        "-e .",
        "a @ https://example.org/a.whl",
        "a @ file:///a.whl",
        "# from https://example.org",
    ],
)
def test_an_address_is_seen(line: str) -> None:
    text = f"a==1 \\\n    --hash=sha256:{'0' * 64}\n    # via b\n"
    assert addresses(text) == []
    assert addresses(f"{line}\n{text}")


def test_an_entry_is_read_with_its_marker_and_hashes() -> None:
    hashes = "\\\n    --hash=sha256:0 \\\n    --hash=sha256:1"
    text = f"a==1 ; os_name == 'nt' {hashes}\n    # via b\nb==2\n"
    assert [(str(r), h) for r, h in entries(text)] == [
        ('a==1; os_name == "nt"', ["sha256:0", "sha256:1"]),
        ("b==2", []),
    ]
