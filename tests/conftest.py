"""What every suite shares: the option ``--soak`` and how hard hypothesis tries."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, settings

SOAK_FACTOR = 40
"""How many times more examples a soak runs, each time other ones."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--soak",
        action="store_true",
        help="run the long forms of the property suites and of those that kill processes",
    )


def pytest_configure(config: pytest.Config) -> None:
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
    settings.register_profile(
        "quick", database=None, deadline=None, derandomize=True, suppress_health_check=slow
    )
    settings.register_profile(
        "soak",
        settings.get_profile("quick"),
        derandomize=False,
        max_examples=settings.get_profile("quick").max_examples * SOAK_FACTOR,
        print_blob=True,
    )
    settings.load_profile("soak" if config.getoption("--soak") else "quick")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give every test an id of its own: workers are told by it what to run, and would run one of
    several that share it. Schemathesis names its tests in brackets, but not their ids.
    """
    for item in items:
        _, bracket, made_from = item.name.partition("[")
        if bracket and item.id.params is None:
            item._id = item.id.with_params(made_from.removesuffix("]"))
    seen = Counter(item.nodeid for item in items)
    repeated = [name for name, times in seen.items() if times > 1]
    if repeated:
        raise pytest.UsageError(f"several tests are called {repeated[0]}: name them apart")


@pytest.fixture(scope="session")
def soak_factor(request: pytest.FixtureRequest) -> int:
    """By what to multiply the size of a hand-made random run: 1, or more in a soak."""
    return SOAK_FACTOR if request.config.getoption("--soak") else 1
