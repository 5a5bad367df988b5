"""The fixtures through which a contract suite runs on every implementation of a storage port."""

from collections.abc import Callable, Iterator

import pytest

from tests.contract.places import MemoryPlace, Place, SqlitePlace


@pytest.fixture(params=["sqlite", "memory"])
def new_place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], Place]]:
    """Make fresh places of one implementation."""
    made: list[SqlitePlace] = []

    def make() -> Place:
        if request.param == "memory":
            return MemoryPlace()
        made.append(SqlitePlace(tmp_path_factory.mktemp("place")))
        return made[-1]

    yield make
    for place in made:
        place.close()


@pytest.fixture
def place(new_place: Callable[[], Place]) -> Place:
    """One fresh place."""
    return new_place()
