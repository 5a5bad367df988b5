"""What a process manager and a monitoring system ask for."""

from typing import Any, Final

from stockyard.api import answers as a
from stockyard.api.describing import described
from stockyard.api.metrics import TEXT_TYPE
from stockyard.api.readiness import checks
from stockyard.api.routes import Response, Visiting, answer, router

routes = router()
TAG: Final = "House"


def _words(name: str, summary: str, description: str, found: Any, unwell: str) -> dict[str, Any]:
    words = described(name, TAG, summary, description, answer=found, answered="All is well.")
    words["responses"][503] = {**words["responses"][200], "description": unwell}
    return words


@routes.get(
    "/health/liveness",
    **_words(
        "liveness",
        "Whether to restart this",
        "200 while the engine runs; 503 once it has stopped on a broken invariant.",
        a.Liveness,
        "Restart it.",
    ),
)
async def liveness(visit: Visiting) -> Response:
    """Whether to restart this."""
    alive = visit.door.world.writer.failure is None
    return answer(a.Liveness(alive), 200 if alive else 503)


@routes.get(
    "/health/readiness",
    **_words(
        "readiness",
        "Whether to send requests here",
        "Journal, query tables and market, each with what was found.",
        a.Readiness,
        "Send them elsewhere, or later.",
    ),
)
async def readiness(visit: Visiting) -> Response:
    """Whether to send requests here."""
    found = checks(visit.door)
    ready = all(check.ok for check in found)
    return answer(a.Readiness(ready, found), 200 if ready else 503)


@routes.get("/metrics", include_in_schema=False)
async def metrics(visit: Visiting) -> Response:
    """Everything in Prometheus' text format."""
    return Response(visit.request.app.state.metrics.text(), media_type=TEXT_TYPE)
