"""Goal: a rule that sees nothing is noticed. Method: feed each rule one bad and one good sample."""

import pytest

from tests.tidy import rules
from tests.tidy.checkout import parse
from tests.tidy.set_order import set_order
from tests.tidy.test_house import WATCHES

LONG_BODY = "\n".join("    x = 1" for _ in range(70))
LONG_FILE = "\n".join("x = 1" for _ in range(801))

# rule, what breaks it, what is close to it and allowed
SAMPLES = [
    ("function_length", f"def f():\n{LONG_BODY}\n", f"def f():\n{LONG_BODY[10:]}\n"),
    ("function_length", f"class A:\n  async def f():\n{LONG_BODY}\n", ""),
    ("file_length", LONG_FILE, LONG_FILE[6:]),
    ("line_length", "x = '" + "a" * 95 + "'", "x = '" + "a" * 94 + "'"),
    ("empty_names", "class OrderManager: ...", "class CommonStock: ..."),
    ("empty_names", "class PriceHelper: ...", "class Managed: ..."),
    ("reminders", "x = 1  # TO" + "DO: think", "x = 1  # today"),
    ("reminders", "# kept as it is for " + "now", "# kept as it is, for nowhere is better"),
    ("reminders", "raise Not" + "ImplementedError", "x = Not" + "ImplementedError"),
    ("skipped_tests", "pytest.sk" + "ip('later')", "items.skip(1)"),
    ("skipped_tests", "@pytest.mark.xf" + "ail\ndef test(): ...", "mark.slow"),
    ("docstrings", "x = 1", '"""Says."""\nx = 1'),
    ("docstrings", '"""Says."""\ndef f(): ...', '"""Says."""\ndef _f(): ...'),
    ("docstrings", '"""Says."""\nclass A: ...', '"""Says."""\nclass A:\n  """Says."""\n'),
    (
        "docstrings",
        '"""Says."""\nclass A(Protocol):\n  """Says."""\n  def f(self): ...',
        '"""Says."""\nclass A(B):\n  """Says."""\n  def f(self): ...',
    ),
    (
        "outside_calls",
        "import datetime\ndatetime.datetime.now()",
        "import datetime\ndatetime.date(1)",
    ),
    ("outside_calls", "from datetime import datetime as d\nd.utcnow()", "clock.now()"),
    ("outside_calls", "from datetime import date\ndate.today()", "row.date.today()"),
    ("outside_calls", "import time\ntime.time()", "from stockyard.model import time\ntime.time()"),
    ("outside_calls", "from time import monotonic_ns as n\nn()", "monotonic_ns()"),
    (
        "outside_calls",
        "import random\nrandom.choice([1])",
        "from stockyard.numerics import random\nrandom.draw(1)",
    ),
    ("outside_calls", "from uuid import uuid4\nuuid4()", "from uuid import UUID\nUUID(int=1)"),
    ("outside_calls", "import os\nos.environ.get('A')", "self.os.environ.get('A')"),
    ("outside_calls", "open('a')", "market.open('a')"),
    ("identity", "hash(x)", "state_hash(x)"),
    ("identity", "sorted(xs, key=id)", "order.id"),
    ("set_order", "for x in {1, 2}: ...", "for x in [1, 2]: ..."),
    ("set_order", "a = set()\n[x for x in a]", "a = set()\n[x for x in sorted(a)]"),
    ("set_order", "def f(a: set[int]):\n  return list(a)", "def f(a: set[int]):\n  return len(a)"),
    (
        "set_order",
        "class A:\n  def __init__(self):\n    self.a: frozenset[int] = b\n  def f(self):\n"
        "    for x in self.a: ...",
        "class A:\n  def __init__(self):\n    self.a: dict[int, int] = b\n  def f(self):\n"
        "    for x in self.a: ...",
    ),
    ("set_order", "a: set[int] = b\na.pop()", "a: list[int] = b\na.pop()"),
    ("set_order", "for x in a.keys() - b.keys(): ...", "for x in a.keys(): ..."),
    ("set_order", "a = {1}\nb = [*a]", "a = [1]\nb = [*a]"),
    ("set_order", "a = {1}\nfor x in a.union(b): ...", "a = (1,)\nfor x in a.union(b): ..."),
    ("set_order", "a = {'x'}\n','.join(a)", "a = {'x'}\n','.join(sorted(a))"),
    ("structs", "import msgspec", "import math"),
    ("structs", "from msgspec import Struct", "from struct import Struct"),
    (
        "structs",
        "from stockyard.model.events import Event\nclass A(Event): ...",
        "from stockyard.engine.books import Book\nclass A(Book): ...",
    ),
    (
        "structs",
        "from stockyard.model import events\nclass A(events.Event): ...",
        "from stockyard.model import events\nclass A: ...",
    ),
    ("floats", "x = 0.5", "x = 5"),
    ("floats", "x = a / b", "x = a // b"),
    ("floats", "x /= b", "x //= b"),
    ("floats", "def f(x: float): ...", "def f(x: int): ..."),
]


@pytest.mark.parametrize(("name", "bad", "good"), SAMPLES)
def test_a_rule_sees_the_bad_sample_and_lets_the_good_one_pass(
    name: str, bad: str, good: str
) -> None:
    rule = WATCHES[name].rule
    assert list(rule(parse("src/stockyard/engine/sample.py", bad)))
    assert not list(rule(parse("src/stockyard/engine/sample.py", good)))


def test_every_rule_has_a_sample() -> None:
    assert set(WATCHES) == {name for name, _, _ in SAMPLES}


@pytest.mark.parametrize("name", ["utils", "order_helpers", "common", "manager", "string_util"])
def test_an_empty_file_name_is_seen(name: str) -> None:
    assert list(rules.empty_names(parse(f"src/stockyard/engine/{name}.py", "")))
    assert list(rules.empty_names(parse(f"src/stockyard/{name}/orders.py", "")))


def test_set_names_are_learned_before_their_first_use() -> None:
    text = "def f(self):\n  for x in self.a: ...\ndef g(self):\n  self.a: set[int] = b\n"
    assert [finding.line for finding in set_order(parse("a.py", text))] == [2]
