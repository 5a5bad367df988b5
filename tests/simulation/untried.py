"""Stories that are told for what happens in them, and not judged on the way.

Promises: the same steps as a story that is judged. Must not know: what is looked for.
"""

from random import Random

from stockyard.runtime.world import World
from tests.simulation.story import Story

LONG = 500
"""Steps of a story in which much happens."""


class Untried(Story):
    """A story that is told and not judged on the way."""

    def _audit(self, world: World, why: str) -> None:
        self.auditor.read()

    def _end(self, random: Random) -> None:
        self._fuse.light(0)
        self._end_outages()
        if self._world is not None:
            self._turn(3)
            self._world.writer.drain()
        self.auditor.read()
