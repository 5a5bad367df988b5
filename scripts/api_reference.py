"""Write docs/reference/openapi.json and endpoints.md from the code; --check only compares."""

import argparse
import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from stockyard.api.application import framework
from stockyard.api.document import document
from stockyard.api.settings import ApiSettings

REFERENCE: Final = Path(__file__).resolve().parents[1] / "docs" / "reference"
VERSION: Final = "1"
_HEAD: Final = """# Endpoints

Made by `scripts/api_reference.py` from the [OpenAPI document](openapi.json); the conventions are in
[the API reference](api.md).
"""


def openapi() -> dict[str, Any]:
    """The document of an installation without a name."""
    return document(framework(ApiSettings()), VERSION)


def endpoints(found: dict[str, Any]) -> str:
    """The list of endpoints, by tag."""
    by_tag: dict[str, list[str]] = {}
    for path, item in found["paths"].items():
        for method, said in item.items():
            lines = by_tag.setdefault(said["tags"][0], [])
            lines.append(_endpoint(path, method, said))
    parts = [_HEAD]
    for tag in sorted(by_tag):
        parts.append(f"\n## {tag}\n")
        parts.extend(by_tag[tag])
    return "".join(parts)


def _endpoint(path: str, method: str, said: dict[str, Any]) -> str:
    summary, description = f"{said['summary']}.", said["description"]
    lines = [f"\n### {method.upper()} {path}\n\n{summary}"]
    if description != summary:
        lines.append(f" {description}")
    lines.append("\n\n")
    names = [
        f"`{p['name']}` ({p['in']})" for p in said.get("parameters", ()) if p["in"] != "header"
    ]
    if names:
        lines.append(f"- Parameters: {', '.join(names)}\n")
    body = said.get("requestBody")
    if body is not None:
        shape = _shape(body["content"]["application/json"]["schema"])
        lines.append(f"- Body: {shape}\n")
    answers, refusals = [], []
    for status, told in sorted(said["responses"].items()):
        if "$ref" in told:
            refusals.append(status)
            continue
        schema = told.get("content", {}).get("application/json", {}).get("schema")
        answers.append(f"{status} {_shape(schema)}" if schema else status)
    lines.append(f"- Answers: {', '.join(answers)}\n- Refusals: {', '.join(refusals)}\n")
    return "".join(lines)


def _shape(schema: dict[str, Any]) -> str:
    if schema.get("type") == "array":
        return f"list of {_shape(schema['items'])}"
    return f"`{schema['$ref'].rsplit('/', 1)[1]}`"


def pages() -> dict[str, bytes]:
    """File names and what they should hold."""
    found = openapi()
    text = msgspec.json.format(msgspec.json.encode(found, order="deterministic"), indent=1)
    return {"openapi.json": text + b"\n", "endpoints.md": endpoints(found).encode()}


def main() -> int:
    """Write the files, or with --check say which are out of date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, exit 1 if stale")
    check = parser.parse_args().check
    stale = []
    for name, content in pages().items():
        path = REFERENCE / name
        if not path.exists() or path.read_bytes() != content:
            stale.append(name)
            if not check:
                path.write_bytes(content)
    if check and stale:
        print(f"out of date: {', '.join(stale)}; run scripts/api_reference.py", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__" and main():
    sys.exit(1)
