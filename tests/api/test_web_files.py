"""Goal: the browser gets the built app, and nothing else that lies on the disk."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stockyard.api.web_files import WebFiles, read_files
from tests.api.rig import Answer, Rig

SCRIPT = b"export const x = 1;\n" * 100
PAGE = b"<!doctype html><title>Stockyard</title>"
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    built = tmp_path / "dist"
    for name, content in {
        "index.html": PAGE,
        "assets/main-abc.js": SCRIPT,
        "assets/main-abc.js.br": b"brotli",
        "assets/main-abc.js.gz": b"gzip",
        "icon.svg": b"<svg/>",
        "sw.js": b"self",
        "app.webmanifest": b"{}",
        "notes.exe": b"?",
        ".vite/manifest.json": b"{}",
    }.items():
        (built / name).parent.mkdir(parents=True, exist_ok=True)
        (built / name).write_bytes(content)
    (tmp_path / "secret.js").write_bytes(b"secret")
    return built


@pytest.fixture
def ask(rig: Rig, folder: Path) -> Callable[..., Any]:
    rig.app.web_files = read_files(folder)

    async def ask(path: str, method: str = "GET", **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await rig.call(method, path, headers={**BROWSER, **named})

    return ask


async def test_the_page_is_the_app_and_is_asked_for_again(ask: Any) -> None:
    page = await ask("/")
    assert (page.status, page.body) == (200, PAGE)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["cache-control"] == "no-cache"
    assert page.headers["x-request-id"]
    again = await ask("/", If_None_Match=f'W/{page.headers["etag"]}, "x"')
    assert (again.status, again.body) == (304, b"")
    assert "content-length" not in again.headers
    head = await ask("/", "HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(PAGE))


async def test_the_page_may_load_and_reach_its_own_host_only(ask: Any) -> None:
    page = await ask("/", Host="trade.example:8000")
    policy = page.headers["content-security-policy"]
    assert "connect-src 'self' ws://trade.example:8000 wss://trade.example:8000;" in policy
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert page.headers["x-frame-options"] == "DENY"
    odd = await ask("/", Host="x; script-src *")
    assert "connect-src 'self';" in odd.headers["content-security-policy"]


async def test_the_worker_and_the_manifest_are_asked_for_again(ask: Any) -> None:
    """The worker reaches its own host only, too."""
    worker, manifest = await ask("/sw.js"), await ask("/app.webmanifest")
    assert worker.headers["content-security-policy"].startswith("default-src 'none'")
    assert worker.headers["content-type"].startswith("text/javascript")
    assert manifest.headers["content-type"] == "application/manifest+json"
    assert {worker.headers["cache-control"], manifest.headers["cache-control"]} == {"no-cache"}


async def test_a_hashed_file_is_kept_and_sent_in_the_smallest_form(ask: Any) -> None:
    path = "/assets/main-abc.js"
    for accepted, body, encoding in (
        ("gzip, deflate, br", b"brotli", "br"),
        ("br;q=0, gzip", b"gzip", "gzip"),
        ("*", b"brotli", "br"),
        ("*;q=0", SCRIPT, None),
        ("identity", SCRIPT, None),
    ):
        found = await ask(path, Accept_Encoding=accepted)
        assert found.body == body, accepted
        assert found.headers.get("content-encoding") == encoding
        assert found.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert found.headers["vary"] == "accept-encoding"
        assert found.headers["x-content-type-options"] == "nosniff"
        assert "content-security-policy" not in found.headers
    plain = await ask(path)
    assert plain.headers["content-type"] == "text/javascript; charset=utf-8"


async def test_a_path_of_the_app_gets_the_page_and_a_mistake_is_told(ask: Any) -> None:
    assert (await ask("/symbols/BTC/USD")).body == PAGE
    for path in (
        "/api/v1/nothing",
        "/api",
        "/health/nothing",
        "/metrics/nothing",
        "/ingest/x",
        "/assets/main-old.js",
        "/assets/",
        "/robots.txt",
        "/notes.exe",
        "/.vite/manifest.json",
        "/assets/main-abc.js.br",
    ):
        found = await ask(path)
        assert found.status == 404, path
        assert found.json["code"] == "not_found"
    assert (await ask("/orders", Accept="*/*")).status == 404
    assert (await ask("/orders", "POST")).status == 404
    assert (await ask("/health")).json["status"] == "ok"


async def test_no_path_leaves_the_folder(ask: Any) -> None:
    for path in ("/../secret.js", "/assets/../../secret.js", "/%2e%2e/secret.js", "//secret.js"):
        found = await ask(path)
        assert found.status == 404, path
        assert b"secret" not in found.body or b"not_found" in found.body


def test_a_folder_without_a_page_is_no_app(tmp_path: Path, folder: Path) -> None:
    assert read_files(tmp_path / "nothing") is None
    assert isinstance(read_files(folder), WebFiles)


async def test_without_the_app_the_front_page_says_how_it_is_built(rig: Rig) -> None:
    page = await rig.call("GET", "/", headers=BROWSER)
    assert b"make run" in page.body
    assert (await rig.call("GET", "/orders", headers=BROWSER)).status == 404
