"""Finds walks over a set: their order may differ between two runs of the same journal.

Promises: reports a ``for``, a comprehension, an unpacking, ``pop`` or an ordered copy of anything
that the file itself shows to be a set. A set that comes from a call into another file is missed;
replaying a journal in two processes covers that.
"""

import ast
from collections.abc import Iterator

from tests.tidy.checkout import Source
from tests.tidy.rules import Finding

SET_TYPES = ("set", "frozenset", "AbstractSet", "MutableSet", "Set")
SET_METHODS = {"union", "intersection", "difference", "symmetric_difference", "copy"}
ORDERED = {"list", "tuple", "enumerate", "iter", "next", "zip", "map", "filter", "reversed", "dict"}
SET_OPERATORS = (ast.BitAnd, ast.BitOr, ast.BitXor, ast.Sub)


def _name(node: ast.expr) -> str:
    """Return the last name of a variable or attribute, which stands for it in the whole file."""
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def _is_set_type(annotation: ast.expr | None) -> bool:
    text = "" if annotation is None else ast.unparse(annotation)
    return text.split("[")[0].split(".")[-1] in SET_TYPES


class Walks(ast.NodeVisitor):
    """Collects the lines on which something known to be a set is walked."""

    def __init__(self, tree: ast.Module) -> None:
        """Learn the names of all sets first, so that use before definition is seen as well."""
        self.names: set[str] = set()
        self.lines: list[int] = []
        for node in ast.walk(tree):
            if isinstance(node, ast.AnnAssign) and _is_set_type(node.annotation):
                self.names.add(_name(node.target))
            elif isinstance(node, ast.arg) and _is_set_type(node.annotation):
                self.names.add(node.arg)
            elif isinstance(node, ast.Assign) and self.is_set(node.value):
                self.names.update(_name(target) for target in node.targets)
        self.names.discard("")
        self.visit(tree)

    def is_set(self, node: ast.expr) -> bool:
        """Tell whether the expression is, as far as this file shows, a set."""
        if isinstance(node, (ast.Set, ast.SetComp)):
            return True
        if isinstance(node, ast.BinOp) and isinstance(node.op, SET_OPERATORS):
            return any(self.is_set(side) or _is_keys(side) for side in (node.left, node.right))
        if isinstance(node, ast.Call):
            if _name(node.func) in SET_METHODS and isinstance(node.func, ast.Attribute):
                return self.is_set(node.func.value)
            return isinstance(node.func, ast.Name) and node.func.id in ("set", "frozenset")
        return _name(node) in self.names

    def look(self, node: ast.expr) -> None:
        """Note the line if what is walked there is a set."""
        if self.is_set(node):
            self.lines.append(node.lineno)

    def visit_For(self, node: ast.For) -> None:
        """See ``for x in a_set``."""
        self.look(node.iter)
        self.generic_visit(node)

    def visit_comprehension(self, node: ast.comprehension) -> None:
        """See ``[x for x in a_set]``."""
        self.look(node.iter)
        self.generic_visit(node)

    def visit_Starred(self, node: ast.Starred) -> None:
        """See ``[*a_set]``."""
        self.look(node.value)
        self.generic_visit(node)

    def visit_YieldFrom(self, node: ast.YieldFrom) -> None:
        """See ``yield from a_set``."""
        self.look(node.value)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        """See ``list(a_set)``, ``", ".join(a_set)`` and ``a_set.pop()``."""
        if isinstance(node.func, ast.Name) and node.func.id in ORDERED:
            for argument in node.args:
                self.look(argument)
        elif isinstance(node.func, ast.Attribute):
            if node.func.attr == "pop" and not node.args:
                self.look(node.func.value)
            elif node.func.attr in ("join", "extend"):
                for argument in node.args:
                    self.look(argument)
        self.generic_visit(node)


def _is_keys(node: ast.expr) -> bool:
    """Tell whether the expression is ``something.keys()``, which set operators turn into a set."""
    return isinstance(node, ast.Call) and _name(node.func) in ("keys", "items")


def set_order(source: Source) -> Iterator[Finding]:
    """Report walks over a set."""
    for line in Walks(source.tree).lines:
        yield Finding(f"{source.path}:{line}", line, "walks a set, whose order is not state")
