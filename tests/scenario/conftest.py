"""Every world a playbook is played in is audited at the end."""

from collections.abc import Callable, Iterator

import pytest

from tests.engine_world import World, audited_worlds


@pytest.fixture
def new_world() -> Iterator[Callable[..., World]]:
    """A maker of audited worlds."""
    with audited_worlds() as make:
        yield make


@pytest.fixture
def world(new_world: Callable[..., World]) -> World:
    """A fresh audited world."""
    return new_world()
