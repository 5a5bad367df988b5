"""Goal: "compiled" means all of it. Method: read the verdict on made-up and on real modules."""

import pytest

from tests.tidy.compiled import modules, origin, verdict


@pytest.mark.parametrize(
    ("origins", "code"),
    [
        (["a.cpython-311-x86_64-linux-gnu.so", "b.pyd"], 0),
        (["a.py", "b.py"], 1),
        (["a.so", "b.py"], 2),
        (["a.so", ""], 2),
        ([], 1),
    ],
)
def test_the_verdict(origins: list[str], code: int) -> None:
    assert verdict(origins) == code


def test_the_modules_are_found_by_name() -> None:
    assert {"stockyard.engine", "stockyard.engine.orders", "stockyard.numerics"} <= set(modules())
    assert origin("stockyard.engine.orders").endswith(("orders.py", ".so", ".pyd"))
    assert origin("stockyard.nothing_here") == ""
