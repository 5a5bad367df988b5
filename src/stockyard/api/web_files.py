"""The web app's files: read once at the start, answered from memory.

Promises: only what was built is served, so no path can leave the folder; a file whose name carries
its hash is kept by browsers for a year, every other is asked for again and answered 304 while it is
the same; the smallest form the client takes is sent; a path of the app that is no file gets the
app's page. Must not know: what the app does, or who is signed in.
"""

import hashlib
import re
from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final, NamedTuple

from stockyard.api.heads import Head, Receive, Scope, Send

PAGE: Final = "/index.html"
WORKER: Final = "/sw.js"
"""The service worker, which asks this host alone."""
HASHED: Final = "/assets/"
"""Below here a name changes with what it names."""
RESERVED: Final = frozenset(
    {"api", "assets", "dev", "graphql", "health", "ingest", "internal", "metrics", "stream"}
    | {"v1", "v1beta1", "v1beta2", "v1beta3", "v2"}
)
"""First parts of paths that are never the app's: a mistake there is told as one."""
KINDS: Final = {
    "css": b"text/css; charset=utf-8",
    "html": b"text/html; charset=utf-8",
    "ico": b"image/x-icon",
    "js": b"text/javascript; charset=utf-8",
    "json": b"application/json",
    "png": b"image/png",
    "svg": b"image/svg+xml",
    "txt": b"text/plain; charset=utf-8",
    "webmanifest": b"application/manifest+json",
    "woff2": b"font/woff2",
}
ENCODINGS: Final = ((".br", b"br"), (".gz", b"gzip"))
"""The forms made when the app is built, best first."""
_HOST: Final = re.compile(
    rb"[A-Za-z0-9.\-]{1,253}(:[0-9]{1,5})?|\[[0-9a-fA-F:.]{2,45}\](:[0-9]{1,5})?"
)
_POLICY: Final = (
    b"default-src 'self'; base-uri 'none'; connect-src 'self'%s; font-src 'self';"
    b" form-action 'self'; frame-ancestors 'none'; img-src 'self' data:; object-src 'none';"
    b" script-src 'self'; style-src 'self'"
)
_WORKER_POLICY: Final = b"default-src 'none'; connect-src 'self'; script-src 'self'"
_GUARDS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_PAGE_GUARDS: Final = (
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (b"x-frame-options", b"DENY"),
)


class Form(NamedTuple):
    """One form of a file: how it is encoded (empty: as it is), its bytes, and their name."""

    encoding: bytes
    content: bytes
    etag: bytes


class WebFile(NamedTuple):
    """A file of the app in all its forms, best first; the last is the plain one."""

    kind: bytes
    hashed: bool
    forms: tuple[Form, ...]


class WebFiles:
    """What the browser may ask for."""

    def __init__(self, found: Mapping[str, WebFile]) -> None:
        self._files = found
        self._page, self._worker = found[PAGE], found.get(WORKER)

    def find(self, scope: Scope) -> WebFile | None:
        """The file that answers a request, or None when it is not one for the app."""
        path: str = scope["path"]
        if scope["method"] not in ("GET", "HEAD"):
            return None
        found = self._files.get(path)
        if found is not None:
            return found
        first = path[1:].partition("/")[0]
        if first in RESERVED or "." in path.rpartition("/")[2] or not _wants_page(scope):
            return None
        return self._page

    async def serve(self, found: WebFile, scope: Scope, receive: Receive, send: Send) -> int:
        """Answer a request with a file; the status."""
        head = Head(scope)
        form = _chosen(found, head.headers.get(b"accept-encoding", b""))
        same = form.etag in _etags(head.headers.get(b"if-none-match", b""))
        status = 304 if same else 200
        headers = [
            (b"content-type", found.kind),
            (b"etag", form.etag),
            (b"vary", b"accept-encoding"),
            (b"cache-control", _kept(found)),
            (b"x-request-id", head.request_id.encode()),
            *_GUARDS,
        ]
        if found is self._page:
            headers += [(b"content-security-policy", _policy(head)), *_PAGE_GUARDS]
        elif found is self._worker:
            headers.append((b"content-security-policy", _WORKER_POLICY))
        if not same:
            headers.append((b"content-length", b"%d" % len(form.content)))
            if form.encoding:
                headers.append((b"content-encoding", form.encoding))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        body = b"" if same or scope["method"] == "HEAD" else form.content
        await send({"type": "http.response.body", "body": body})
        return status


def built_app() -> WebFiles | None:
    """The app that was built into this package, or None when it was not."""
    return read_files(files("stockyard") / "web" / "dist")


def read_files(folder: Traversable) -> WebFiles | None:
    """Read a built app; None when there is no page in the folder."""
    if not (folder / PAGE[1:]).is_file():
        return None
    content: dict[str, bytes] = {}
    _read(folder, "", content)
    found = {}
    for path, plain in content.items():
        kind = KINDS.get(path.rpartition(".")[2])
        if kind is None:
            continue
        forms = [
            Form(encoding, content[path + suffix], _etag(content[path + suffix]))
            for suffix, encoding in ENCODINGS
            if path + suffix in content
        ]
        forms.append(Form(b"", plain, _etag(plain)))
        found[path] = WebFile(kind, path.startswith(HASHED), tuple(forms))
    found["/"] = found[PAGE]
    return WebFiles(found)


def _read(folder: Traversable, path: str, content: dict[str, bytes]) -> None:
    for one in folder.iterdir():
        if one.name.startswith("."):
            continue
        below = f"{path}/{one.name}"
        if one.is_dir():
            _read(one, below, content)
        else:
            content[below] = one.read_bytes()


def _etag(content: bytes) -> bytes:
    return b'"%s"' % hashlib.sha256(content).hexdigest()[:24].encode()


def _etags(text: bytes) -> list[bytes]:
    return [one.strip().removeprefix(b"W/") for one in text.split(b",")]


def _kept(found: WebFile) -> bytes:
    return b"public, max-age=31536000, immutable" if found.hashed else b"no-cache"


def _chosen(found: WebFile, accepted: bytes) -> Form:
    """The first form that is accepted (RFC 9110, section 12.5.3)."""
    taken: dict[bytes, bool] = {}
    for one in accepted.lower().split(b","):
        name, _, weight = one.partition(b";")
        taken[name.strip()] = not re.fullmatch(rb"q=0(\.0*)?", weight.strip())
    for form in found.forms:
        if taken.get(form.encoding, taken.get(b"*", False)):
            return form
    return found.forms[-1]


def _wants_page(scope: Scope) -> bool:
    accepted = b",".join(value for name, value in scope["headers"] if name == b"accept")
    return b"text/html" in accepted


def _policy(head: Head) -> bytes:
    """What the page may load and reach: its own host, and that host's stream.

    Some browsers do not count a WebSocket of the same host as 'self'.
    """
    host = head.headers.get(b"host", b"")
    streams = b" ws://%s wss://%s" % (host, host) if _HOST.fullmatch(host) else b""
    return _POLICY % streams
