"""The house rules a file can break by itself, as functions from a file to what is wrong with it.

Promises: a rule reads one ``Source`` and returns findings; it changes nothing and opens nothing.
Each rule has a bad and a good sample in ``test_rules_awake``. Must not know: which findings are
forgiven.
"""

import ast
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from tests.tidy.checkout import Source, room

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 800
LINE_COLUMNS_MAX = 100

EMPTY_NAMES = {"util", "utils", "common", "helper", "helpers", "manager", "managers", "misc"}
# Put together here, so that this file does not hold the words it looks for.
REMINDERS = re.compile(
    r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b"
    r"|\braise Not"
    + r"ImplementedError\b|\b(for "
    + r"now|not implemented "
    + r"yet|stub"
    + r"bed)\b",
)
SKIPS = re.compile(
    r"pytest\.(sk" + r"ip|xf" + r"ail)|mark\.(sk" + r"ip|xf" + r"ail)|import" + r"orskip"
)

type_of_function = (ast.FunctionDef, ast.AsyncFunctionDef)


class Finding(NamedTuple):
    """One breach: where it is, and the ``subject`` an exception would name."""

    subject: str
    line: int
    what: str


Rule = Callable[[Source], Iterator[Finding]]


def function_length(source: Source) -> Iterator[Finding]:
    """Report functions longer than 70 lines."""
    for node in ast.walk(source.tree):
        if isinstance(node, type_of_function):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > FUNCTION_LINES_MAX:
                what = f"{node.name} has {lines} lines"
                yield Finding(f"{source.path}:{node.name}", node.lineno, what)


def file_length(source: Source) -> Iterator[Finding]:
    """Report files longer than 800 lines."""
    lines = len(source.text.splitlines())
    if lines > FILE_LINES_MAX:
        yield Finding(source.path, lines, f"{lines} lines")


def line_length(source: Source) -> Iterator[Finding]:
    """Report lines wider than 100 columns."""
    for number, line in enumerate(source.text.splitlines(), 1):
        if len(line) > LINE_COLUMNS_MAX:
            yield Finding(f"{source.path}:{number}", number, f"{len(line)} columns")


def empty_names(source: Source) -> Iterator[Finding]:
    """Report files, folders and classes named after nothing in particular."""
    for part in source.path.removesuffix(".py").split("/"):
        if EMPTY_NAMES.intersection(part.lower().split("_")):
            yield Finding(source.path, 1, f"{part!r} says nothing: name the thing")
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef):
            last = re.split(r"(?=[A-Z])", node.name)[-1].lower()
            if last in EMPTY_NAMES:
                subject = f"{source.path}:{node.name}"
                yield Finding(subject, node.lineno, f"{node.name} says nothing: name the thing")


def reminders(source: Source) -> Iterator[Finding]:
    """Report words that put work off."""
    for number, line in enumerate(source.text.splitlines(), 1):
        if found := REMINDERS.search(line):
            yield Finding(f"{source.path}:{number}", number, f"says {found.group()!r}")


def skipped_tests(source: Source) -> Iterator[Finding]:
    """Report tests that are left out or allowed to fail."""
    for number, line in enumerate(source.text.splitlines(), 1):
        if found := SKIPS.search(line):
            yield Finding(f"{source.path}:{number}", number, f"uses {found.group()}")


def _is_protocol(node: ast.ClassDef) -> bool:
    return any(ast.unparse(base).split("[")[0].endswith("Protocol") for base in node.bases)


def docstrings(source: Source) -> Iterator[Finding]:
    """Report modules, public classes and functions, and methods of protocols that say nothing."""
    if not ast.get_docstring(source.tree):
        yield Finding(source.path, 1, "the module has no docstring")
    for node in source.tree.body:
        if not isinstance(node, (ast.ClassDef, *type_of_function)) or node.name.startswith("_"):
            continue
        said = [node]
        if isinstance(node, ast.ClassDef) and _is_protocol(node):
            said += [item for item in node.body if isinstance(item, type_of_function)]
        for item in said:
            if not ast.get_docstring(item):
                subject = f"{source.path}:{item.name}"
                yield Finding(subject, item.lineno, f"{item.name} has no docstring")


BANNED_CALLS = (
    "datetime.datetime.now",
    "datetime.datetime.today",
    "datetime.datetime.utcnow",
    "datetime.date.today",
    "os",
    "random",
    "secrets",
    "time",
    "uuid.uuid1",
    "uuid.uuid4",
)
BANNED_BUILTINS = {"open", "print", "input", "breakpoint", "exec", "eval", "globals"}


def _imported(tree: ast.Module) -> dict[str, str]:
    """Map each imported name to the dotted name it stands for."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def _full_name(node: ast.expr, imported: dict[str, str]) -> str:
    """Spell out a dotted expression with its imports resolved; empty if it is not one."""
    first, _, rest = ast.unparse(node).partition(".")
    if not isinstance(node, (ast.Name, ast.Attribute)) or first not in imported:
        return ""
    return f"{imported[first]}.{rest}" if rest else imported[first]


def outside_calls(source: Source) -> Iterator[Finding]:
    """Report clocks, chance, files and the terminal in rooms that must be pure."""
    imported = _imported(source.tree)
    for node in ast.walk(source.tree):
        if not isinstance(node, ast.Call):
            continue
        name = _full_name(node.func, imported)
        if isinstance(node.func, ast.Name) and node.func.id in BANNED_BUILTINS:
            name = node.func.id
        elif not any(name == banned or name.startswith(f"{banned}.") for banned in BANNED_CALLS):
            continue
        yield Finding(f"{source.path}:{node.lineno}", node.lineno, f"calls {name}")


def identity(source: Source) -> Iterator[Finding]:
    """Report ``hash`` and ``id``: both differ from one process to the next."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Name) and node.id in ("hash", "id"):
            yield Finding(f"{source.path}:{node.lineno}", node.lineno, f"uses {node.id}()")


def floats(source: Source) -> Iterator[Finding]:
    """Report floats and true division where only integers may be."""
    for node in ast.walk(source.tree):
        what = ""
        if isinstance(node, ast.Constant) and isinstance(node.value, (float, complex)):
            what = f"the float {node.value}"
        elif isinstance(node, (ast.BinOp, ast.AugAssign)) and isinstance(node.op, ast.Div):
            what = "true division"
        elif isinstance(node, ast.Name) and node.id == "float":
            what = "the type float"
        if what:
            line = getattr(node, "lineno", 1)
            yield Finding(f"{source.path}:{line}", line, what)


def structs(source: Source) -> Iterator[Finding]:
    """Report message classes in compiled rooms: compiled, a Struct loses its options in silence."""
    imported = _imported(source.tree)
    for node in ast.walk(source.tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            module = getattr(node, "module", None) or node.names[0].name
            if module.split(".")[0] == "msgspec":
                yield Finding(f"{source.path}:msgspec", node.lineno, "imports msgspec")
        elif isinstance(node, ast.ClassDef):
            for base in node.bases:
                full = _full_name(base, imported)
                if full.startswith(("stockyard.model.", "msgspec.")):
                    subject = f"{source.path}:{node.name}"
                    yield Finding(subject, node.lineno, f"{node.name} is a {full}")


def in_package(source: Source) -> bool:
    """Tell whether the file ships in the package."""
    return room(source.path) != ""
