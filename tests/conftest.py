"""What every suite shares: the option ``--soak`` and how hard hypothesis tries."""

import os

import pytest
from hypothesis import HealthCheck, settings

SOAK_FACTOR = 40
"""How many times more examples a soak runs, each time other ones."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--soak",
        action="store_true",
        default=os.environ.get("STOCKYARD_SOAK", "") not in ("", "0"),
        help="run the long forms of the property suites (also: STOCKYARD_SOAK=1)",
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


@pytest.fixture(scope="session")
def soak_factor(request: pytest.FixtureRequest) -> int:
    """By what to multiply the size of a hand-made random run: 1, or more in a soak."""
    return SOAK_FACTOR if request.config.getoption("--soak") else 1
