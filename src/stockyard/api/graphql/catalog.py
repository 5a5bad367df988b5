"""What can be read, as the OpenAPI document tells it: operations, their arguments, their answers.

Promises: every GET of ``/api/v1`` that answers in JSON and only reads is here, under its own name;
what is added to REST is added here by that alone. Must not know: GraphQL's library, or any noun.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from stockyard.api.hot_words import PREFIX

TEXT: Final = "text"
NUMBER: Final = "number"
FRACTION: Final = "fraction"
FLAG: Final = "flag"
ANYTHING: Final = "anything"
"""Kinds of values; every other kind is the name of an object."""
_SIMPLE: Final = {"string": TEXT, "integer": NUMBER, "number": FRACTION, "boolean": FLAG}
_REF: Final = "#/components/schemas/"
_NOT_HERE: Final = frozenset({"listen_to_events"})
"""Operations that never end: they are subscriptions."""
_NOT_BELOW: Final = f"{PREFIX}/auth/"
"""Signing in changes something even where it is a GET."""
_ANOTHER_FORM: Final = "format"
"""The parameter by which an answer is asked for as something other than JSON."""


class Shape(NamedTuple):
    """A value: of a kind, in so many lists, and whether it may be null."""

    kind: str
    lists: int = 0
    may_be_null: bool = False


class Part(NamedTuple):
    """A field of an object."""

    name: str
    shape: Shape
    about: str


class Argument(NamedTuple):
    """A parameter of an operation; ``usual``: what it is where it is left out, if a number."""

    name: str
    kind: str
    in_path: bool
    is_required: bool
    about: str
    usual: int | None


class Operation(NamedTuple):
    """One way to read: ``path`` with the names of its arguments in braces."""

    operation_id: str
    path: str
    arguments: tuple[Argument, ...]
    answer: Shape
    about: str

    @property
    def name(self) -> str:
        """What it reads, without the verb: ``orders`` for ``list_orders``."""
        verb, _, noun = self.operation_id.partition("_")
        return noun if verb in ("list", "read") else self.operation_id


class Catalog(NamedTuple):
    """Everything that can be read."""

    operations: dict[str, Operation]
    objects: dict[str, tuple[str, tuple[Part, ...]]]
    """Of each object what it is, and its fields."""


def catalog(document: Mapping[str, Any]) -> Catalog:
    """What the OpenAPI document lets one read. Raises ``ValueError`` for two of one name."""
    schemas: Mapping[str, Any] = document["components"]["schemas"]
    operations: dict[str, Operation] = {}
    for path, item in document["paths"].items():
        said = item.get("get")
        if said is None or not path.startswith(PREFIX) or path.startswith(_NOT_BELOW):
            continue
        schema = said["responses"].get("200", {}).get("content", {}).get("application/json")
        if schema is None or said["operationId"] in _NOT_HERE:
            continue
        found = Operation(
            said["operationId"],
            path,
            tuple(_arguments(said.get("parameters", ()))),
            _shape(schema["schema"], schemas),
            said["description"],
        )
        if found.name in operations:
            raise ValueError(f"{found.operation_id} and another read are both {found.name}")
        operations[found.name] = found
    return Catalog(operations, _objects(operations.values(), schemas))


def _arguments(parameters: Any) -> Any:
    for said in parameters:
        if said["in"] not in ("path", "query") or said["name"] == _ANOTHER_FORM:
            continue
        shape = _shape(said["schema"], {})
        usual = said["schema"].get("default")
        yield Argument(
            said["name"],
            shape.kind,
            said["in"] == "path",
            bool(said.get("required")),
            said.get("description", ""),
            usual if isinstance(usual, int) and not isinstance(usual, bool) else None,
        )


def _objects(operations: Any, schemas: Mapping[str, Any]) -> dict[str, Any]:
    """The objects that can be reached."""
    found: dict[str, Any] = {}
    waiting = [operation.answer.kind for operation in operations]
    while waiting:
        name = waiting.pop()
        if name in found or name not in schemas:
            continue
        schema = schemas[name]
        parts = [
            Part(key, _shape(value, schemas), _about(value))
            for key, value in schema["properties"].items()
        ]
        found[name] = (_about(schema), tuple(parts))
        waiting.extend(part.shape.kind for part in parts)
    return dict(sorted(found.items()))


def _about(schema: Mapping[str, Any]) -> str:
    return " ".join(str(schema.get("description", "")).split())


def _shape(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> Shape:
    """The shape that a JSON schema describes; ``ANYTHING`` for what has no fixed fields."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix(_REF)
        if schemas.get(name, {}).get("properties"):
            return Shape(name)
        return _shape(schemas[name], schemas) if name in schemas else Shape(ANYTHING)
    if "anyOf" in schema:
        kinds = [one for one in schema["anyOf"] if one.get("type") != "null"]
        inner = _shape(kinds[0], schemas) if len(kinds) == 1 else Shape(ANYTHING)
        return inner._replace(may_be_null=len(kinds) < len(schema["anyOf"]))
    if schema.get("type") == "array" and isinstance(schema.get("items"), Mapping):
        inner = _shape(schema["items"], schemas)
        # A list of what may be null, or a list inside another, is left as it is.
        if inner.may_be_null or inner.lists:
            return Shape(ANYTHING)
        return Shape(inner.kind, 1)
    kind = schema.get("type", "")
    return Shape(_SIMPLE.get(kind, ANYTHING) if isinstance(kind, str) else ANYTHING)
