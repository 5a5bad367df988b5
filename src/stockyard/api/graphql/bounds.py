"""What a query may ask for before anything is read: its length, depth, aliases and cost.

Promises: the cost is worked out from the query, its variables and the schema alone: each field
counts one, and what stands in a list as often as the list may be long. Must not know: what is read.
"""

from typing import Any, Final

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLObjectType,
    InlineFragmentNode,
    IntValueNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_list_type,
    is_non_null_type,
)
from strawberry.extensions import (
    MaxAliasesLimiter,
    MaxTokensLimiter,
    ParserCache,
    QueryDepthLimiter,
    ValidationCache,
)

TOKENS_MAX: Final = 2_000
DEPTH_MAX: Final = 10
ALIASES_MAX: Final = 30
COST_MAX: Final = 20_000
LIST_LENGTH: Final = 5
"""How long a list without a ``limit`` is taken to be."""
CACHED_MAX: Final = 100
"""Queries that are kept parsed and checked."""
EXTENSIONS: Final[list[Any]] = [
    lambda: MaxTokensLimiter(max_token_count=TOKENS_MAX),
    lambda: QueryDepthLimiter(max_depth=DEPTH_MAX),
    lambda: MaxAliasesLimiter(max_alias_count=ALIASES_MAX),
    lambda: ParserCache(maxsize=CACHED_MAX),
    lambda: ValidationCache(maxsize=CACHED_MAX),
]


class _Costing:
    """Adds up one query; stops as soon as it costs too much, however it is written."""

    def __init__(self, info: Any, usual: dict[tuple[str, str], int]) -> None:
        self._info, self._usual = info, usual
        self.total = 0

    def selection(self, selected: SelectionSetNode, kind: Any, times: int) -> None:
        """Count what is selected of an object of this kind, so many times."""
        for node in selected.selections:
            if self.total > COST_MAX:
                return
            if isinstance(node, FieldNode):
                self._field(node, kind, times)
            elif isinstance(node, InlineFragmentNode):
                self.selection(node.selection_set, kind, times)
            elif isinstance(node, FragmentSpreadNode):
                fragment = self._info.fragments[node.name.value]
                self.selection(fragment.selection_set, kind, times)

    def _field(self, node: FieldNode, kind: Any, times: int) -> None:
        self.total += times
        name = node.name.value
        if name.startswith("__") or not isinstance(kind, GraphQLObjectType):
            return
        field = kind.fields[name]
        if node.selection_set is None:
            return
        shape = field.type.of_type if is_non_null_type(field.type) else field.type
        length = 1
        if is_list_type(shape):
            length = self._limit(node) or self._usual.get((kind.name, name), LIST_LENGTH)
        self.selection(node.selection_set, get_named_type(field.type), times * max(1, length))

    def _limit(self, node: FieldNode) -> int | None:
        """The ``limit`` that is given to a field, itself or by a variable."""
        for argument in node.arguments or ():
            if argument.name.value == "limit":
                given = argument.value
                if isinstance(given, VariableNode):
                    value = self._info.variable_values.get(given.name.value)
                    return value if isinstance(value, int) else None
                return int(given.value) if isinstance(given, IntValueNode) else None
        return None


def check_cost(info: Any, usual: dict[tuple[str, str], int]) -> None:
    """Refuse a query that costs too much. ``usual``: how many rows a list field of a type has
    where no ``limit`` is given. Raises ``GraphQLError``.
    """
    operation = info.operation
    schema = info.schema
    root = {
        "query": schema.query_type,
        "subscription": schema.subscription_type,
    }[operation.operation.value]
    costing = _Costing(info, usual)
    costing.selection(operation.selection_set, root, 1)
    if costing.total > COST_MAX:
        raise GraphQLError(
            f"the query may cost more than {COST_MAX:,} fields; ask for fewer with limit, or in"
            " several queries",
            extensions={"code": "query_too_costly", "status": 422},
        )
