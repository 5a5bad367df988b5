"""The schema: the catalog's objects as GraphQL types, its operations as fields of the query.

Promises: made from the catalog and the edges alone, the same for the same code. Whole numbers are
``Long`` (a journal's numbers outgrow 32 bits), money, prices and quantities decimal text. Must not
know: who asks, or how anything is read.
"""

import inspect
import types
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any, Final, NewType

import strawberry
from graphql import GraphQLError
from strawberry.annotation import StrawberryAnnotation
from strawberry.extensions import SchemaExtension
from strawberry.scalars import JSON
from strawberry.schema.config import StrawberryConfig
from strawberry.types import Info
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver

from stockyard.api.graphql import catalog as c
from stockyard.api.graphql.asking import Asker, told_of
from stockyard.api.graphql.bounds import EXTENSIONS, check_cost
from stockyard.api.graphql.edges import BATCHES, EDGES, Batch, Edge, bound
from stockyard.api.graphql.listening import FRAME, LISTEN, follow

Long = NewType("Long", int)
_KINDS: Final[dict[str, Any]] = {
    c.TEXT: str,
    c.NUMBER: Long,
    c.FRACTION: float,
    c.FLAG: bool,
    c.ANYTHING: JSON,
}
_NOT_THERE: Final = 404


class OneAsker(SchemaExtension):
    """Gives each operation an asker of its own, also where many share a connection."""

    def on_operation(self) -> Iterator[None]:
        """Put it into the operation's context."""
        context = self.execution_context
        context.context = {"asker": context.context["asker_of"]()}
        yield


class GraphSchema:
    """The schema, and how long its lists usually are."""

    def __init__(self, found: c.Catalog) -> None:
        self._catalog = found
        self._usual: dict[tuple[str, str], int] = {}
        names = (*found.objects, "Query", "Subscription", FRAME.name)
        self._classes: dict[str, Any] = {name: type(name, (), {}) for name in names}
        for name, (about, parts) in found.objects.items():
            self._type(name, about, self._fields(name, parts))
        frame = [_part(part, self._kind(part.shape)) for part in FRAME.parts]
        self._type(FRAME.name, FRAME.about, [*frame, self._edge(FRAME.name, FRAME.edge)])
        query = [self._operation(one) for one in found.operations.values()]
        listen = self._listening()
        self.strawberry = strawberry.Schema(
            query=self._type("Query", "What REST lets one read.", query),
            subscription=self._type("Subscription", "What the streams tell.", [listen]),
            extensions=[OneAsker, *EXTENSIONS],
            config=StrawberryConfig(
                default_resolver=_member,
                scalar_map={
                    Long: strawberry.scalar(name="Long", description="A whole number, 64 bits.")
                },
            ),
        )
        # Errors are told, and faults of ours logged, where they happen.
        self.strawberry.process_errors = lambda *_: None  # type: ignore[method-assign]

    def text(self) -> str:
        """The schema in GraphQL's own language."""
        return self.strawberry.as_str() + "\n"

    def _type(self, name: str, about: str, fields: list[StrawberryField]) -> Any:
        made = self._classes[name]
        made.__annotations__ = {}
        for field in fields:
            assert field.type_annotation is not None
            made.__annotations__[field.python_name] = field.type_annotation.raw_annotation
            setattr(made, field.python_name, field)
        return strawberry.type(made, name=name, description=about)

    def _kind(self, shape: c.Shape) -> Any:
        kind = _KINDS.get(shape.kind) or self._classes[shape.kind]
        if shape.lists:
            kind = types.GenericAlias(list, (kind,))
        return kind | None if shape.may_be_null else kind

    def _fields(self, name: str, parts: tuple[c.Part, ...]) -> list[StrawberryField]:
        fields = [_part(part, self._kind(part.shape)) for part in parts]
        fields.extend(self._edge(name, edge) for edge in EDGES.get(name, ()))
        fields.extend(self._batch(batch) for batch in BATCHES.get(name, ()))
        assert len({x.python_name for x in fields}) == len(fields), f"{name} has a field twice"
        return fields

    def _operation(self, operation: c.Operation) -> StrawberryField:
        async def resolve(root: Any, info: Any, **given: Any) -> Any:
            asker = self._begin(info)
            return await asker.read(operation, _without_unset(given))

        return self._reading("Query", operation.name, operation, operation.arguments, resolve)

    def _edge(self, owner: str, edge: Edge) -> StrawberryField:
        operation = self._catalog.operations[edge.read]

        async def resolve(root: Any, info: Any, **given: Any) -> Any:
            asker = self._begin(info)
            try:
                return await asker.read(operation, {**_without_unset(given), **bound(edge, root)})
            except GraphQLError as refusal:
                if (refusal.extensions or {}).get("status") == _NOT_THERE:
                    return None
                raise

        free = tuple(x for x in operation.arguments if x.name not in edge.bound)
        return self._reading(owner, edge.name, operation, free, resolve)

    def _reading(
        self,
        owner: str,
        name: str,
        operation: c.Operation,
        arguments: tuple[c.Argument, ...],
        resolve: Callable[..., Any],
    ) -> StrawberryField:
        """A field that reads. It may be null: what is refused leaves the rest of the query."""
        usual = next((x.usual for x in arguments if x.name == "limit" and x.usual), None)
        field_name = _camel(name)
        if usual is not None:
            self._usual[owner, field_name] = usual
        kind = self._kind(operation.answer._replace(may_be_null=True))
        return _resolved(name, kind, operation.about, resolve, arguments)

    def _batch(self, batch: Batch) -> StrawberryField:
        async def resolve(root: Any, info: Any) -> Any:
            asker = self._begin(info)
            wanted = (_member(root, batch.account), _member(root, batch.key))
            return await getattr(asker, batch.loader).load(wanted)

        kind = self._kind(c.Shape(batch.kind, batch.lists, may_be_null=True))
        return _resolved(batch.name, kind, batch.about, resolve, ())

    def _listening(self) -> StrawberryField:
        async def resolve(root: Any, info: Any, **given: Any) -> AsyncIterator[Any]:
            asker = self._begin(info)
            async for frame in follow(asker, _without_unset(given)):
                asker.renew()
                yield frame

        kind = AsyncIterator[self._classes[FRAME.name]]  # type: ignore[name-defined]
        field = _resolved(LISTEN.name, kind, LISTEN.about, resolve, LISTEN.arguments)
        field.is_subscription = True
        return field

    def _begin(self, info: Any) -> Asker:
        """Whoever reads for the query, once it is known to cost no more than it may."""
        asker: Asker = info.context["asker"]
        if not asker.is_within_cost:
            check_cost(info._raw_info, self._usual)
            asker.is_within_cost = True
        return asker


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _member(source: Any, name: str) -> Any:
    return source.get(name) if isinstance(source, dict) else getattr(source, name)


def _without_unset(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if value is not strawberry.UNSET}


def _part(part: c.Part, kind: Any) -> StrawberryField:
    return StrawberryField(
        python_name=part.name,
        type_annotation=StrawberryAnnotation(kind),
        description=part.about or None,
    )


def _telling(resolve: Callable[..., Any]) -> Callable[..., Any]:
    """The same resolver, every error of which is one for whoever asks."""

    async def told(root: Any, info: Any, **given: Any) -> Any:
        try:
            return await resolve(root, info, **given)
        except Exception as error:
            raise told_of(error, info.context["asker"].head.request_id) from None

    return told


def _annotation(argument: c.Argument) -> Any:
    kind = _KINDS[argument.kind]
    kind = kind if argument.is_required else kind | None
    if not argument.about:
        return kind
    return Annotated[kind, strawberry.argument(description=argument.about)]


def _resolved(
    name: str,
    kind: Any,
    about: str,
    resolve: Callable[..., Any],
    arguments: tuple[c.Argument, ...],
) -> StrawberryField:
    """A field with a resolver that takes these arguments."""
    annotations = {x.name: _annotation(x) for x in arguments}
    plain = inspect.Parameter.POSITIONAL_OR_KEYWORD
    signature = [inspect.Parameter("root", plain), inspect.Parameter("info", plain)]
    signature[1] = signature[1].replace(annotation=Info)
    for x in arguments:
        signature.append(
            inspect.Parameter(
                x.name,
                inspect.Parameter.KEYWORD_ONLY,
                annotation=annotations[x.name],
                default=inspect.Parameter.empty if x.is_required else strawberry.UNSET,
            )
        )
    told = resolve if inspect.isasyncgenfunction(resolve) else _telling(resolve)
    told.__signature__ = inspect.Signature(signature)  # type: ignore[attr-defined]
    told.__annotations__ = {**annotations, "info": Info, "return": kind}
    return StrawberryField(
        python_name=name,
        type_annotation=StrawberryAnnotation(kind),
        description=about or None,
        base_resolver=StrawberryResolver(told),
    )
