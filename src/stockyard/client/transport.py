"""How the client sends requests, repeats them, and listens.

Promises: what may be repeated without doing anything twice is sent again after no answer, 429 and
above 499; every refusal is an ``ApiError``. Must not know: what is asked.
"""

import random
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import suppress
from decimal import Decimal
from typing import Any, Final, NamedTuple, TypeVar

import httpx2
import msgspec

TIMEOUT_S: Final = 10.0
TRIES: Final = 4
"""How often what may be repeated is sent at most."""
PAUSE_S: Final = 0.1
"""Before the second try; each further one waits twice as long, and up to half as long again."""
PAUSE_S_MAX: Final = 5.0
SILENCE_S: Final = 40.0
"""Events: after this long without even a comment the connection counts as lost."""
AGAIN: Final = frozenset({429, 500, 502, 503, 504})
NO_ANSWER: Final = "no_answer"
UNREADABLE: Final = "unreadable_answer"
Number = str | int | Decimal
T = TypeVar("T")


class ApiError(Exception):
    """A request that brought no result: a refusal, or no answer (``status`` 0).

    ``code`` is permanent, ``wrong`` and ``right`` are for people, ``field`` names what it is about,
    ``retryable`` says whether the same may succeed later.
    """

    def __init__(
        self,
        status: int,
        code: str,
        wrong: str,
        right: str = "",
        *,
        said: Mapping[str, Any] | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        said = said or {}
        detail = f"{wrong}; {right}" if right else wrong
        super().__init__(f"{code} ({status}): {detail}" if status else f"{code}: {detail}")
        self.status, self.code, self.detail = status, code, detail
        self.wrong, self.right = wrong, right
        self.field: str | None = said.get("field")
        self.required: str | None = said.get("required")
        self.available: str | None = said.get("available")
        self.retryable = bool(said.get("retryable", status in AGAIN or status == 0))
        self.request_id: str | None = said.get("request_id")
        self.retry_after_s = retry_after_s


class Event(NamedTuple):
    """One server-sent event. ``id``: what to go on after; empty for what is public."""

    name: str
    data: dict[str, Any]
    id: str


def number_text(number: Number) -> str:
    """Decimal text of a number. Raises ``TypeError`` for a float, which money never is."""
    if isinstance(number, str):
        return number
    if isinstance(number, bool) or not isinstance(number, (int, Decimal)):
        raise TypeError(f"{number!r}: expected text such as '189.25', an integer or a Decimal")
    return format(number, "f") if isinstance(number, Decimal) else str(number)


def plain(value: Any) -> Any:
    """A value as JSON has it: a ``Decimal`` as text, what is None left out."""
    if isinstance(value, Mapping):
        return {name: plain(one) for name, one in value.items() if one is not None}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return number_text(value) if isinstance(value, Decimal) else value


class Transport:
    """Requests and their repetition."""

    def __init__(self, url: str, headers: Mapping[str, str], timeout_s: float, tries: int) -> None:
        self.url, self.timeout_s, self.tries = url.rstrip("/"), timeout_s, tries
        self._http = httpx2.Client(
            headers=dict(headers),
            timeout=timeout_s,
            follow_redirects=False,
            # What is said of proxies is not for a server on this machine.
            trust_env=False,
            verify=self.url.startswith("https:"),
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def ask(
        self,
        method: str,
        path: str,
        kind: type[T] | Any,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, Any] | None = None,
        key: str | None = None,
        timeout_s: float | None = None,
    ) -> T:
        """Send a request and decode its answer. Raises ``ApiError``.

        It is repeated after no answer, 429 and above 499 where that does nothing twice: when it
        only reads, or has a ``key``.
        """
        headers = {} if key is None else {"Idempotency-Key": key}
        content = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = msgspec.json.encode(plain(body))
        tries = self.tries if method == "GET" or key is not None else 1
        pause_s = PAUSE_S
        while True:
            tries -= 1
            error, answer = self._once(
                method, path, content, headers, plain(query or {}), timeout_s
            )
            if error is None:
                assert answer is not None
                found: T = self._decoded(answer, kind)
                return found
            twin = error.code == "request_in_flight"
            if tries <= 0 or not (twin or error.status in AGAIN or error.status == 0):
                raise error
            wait_s = pause_s * random.uniform(1, 1.5)
            if error.retry_after_s is not None and not twin:
                wait_s = max(wait_s, error.retry_after_s)
            time.sleep(min(wait_s, PAUSE_S_MAX))
            pause_s *= 2

    def _once(
        self,
        method: str,
        path: str,
        content: bytes | None,
        headers: Mapping[str, str],
        query: Mapping[str, Any],
        timeout_s: float | None,
    ) -> tuple[ApiError | None, httpx2.Response | None]:
        more: dict[str, Any] = {} if timeout_s is None else {"timeout": timeout_s}
        try:
            answer = self._http.request(
                method,
                self.url + path,
                content=content,
                headers=dict(headers),
                params=dict(query) or None,
                **more,
            )
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            return self._unanswered(error), None
        if answer.status_code >= 400:
            return refusal_of(answer), None
        return None, answer

    def _unanswered(self, error: Exception) -> ApiError:
        said = str(error) or type(error).__name__
        return ApiError(
            0,
            NO_ANSWER,
            f"{self.url} gave no answer ({said})",
            "see whether a Stockyard is running there",
        )

    def _decoded(self, answer: httpx2.Response, kind: Any) -> Any:
        try:
            return msgspec.json.decode(answer.content, type=kind)
        except msgspec.MsgspecError as error:
            raise ApiError(
                answer.status_code,
                UNREADABLE,
                f"the answer of {self.url} is not what was expected ({error})",
                "see whether it is a Stockyard of this client's version",
            ) from None

    def listen(
        self, path: str, query: Mapping[str, Any], after: str | None
    ) -> Generator[Event, None, None]:
        """Server-sent events, going on after the last one when the connection is lost.

        Raises ``ApiError`` when it is refused, or lost as often in a row as ``tries`` says.
        """
        left, pause_s = self.tries, PAUSE_S
        while True:
            headers = {"Accept": "text/event-stream"}
            if after:
                headers["Last-Event-ID"] = after
            timeout = httpx2.Timeout(self.timeout_s, read=SILENCE_S)
            error = ApiError(0, NO_ANSWER, f"{self.url} ended the events", "connect again")
            try:
                with self._http.stream(
                    "GET",
                    self.url + path,
                    params=dict(plain(query)) or None,
                    headers=headers,
                    timeout=timeout,
                ) as answer:
                    if answer.status_code >= 400:
                        answer.read()
                        raise refusal_of(answer)
                    for event in _events(answer.iter_lines()):
                        left, pause_s = self.tries, PAUSE_S
                        after = event.id or after
                        yield event
                        if event.name == "end":
                            break
            except httpx2.HTTPError as lost:
                error = self._unanswered(lost)
            except ApiError as refused:
                if refused.status not in AGAIN:
                    raise
                error = refused
            left -= 1
            if left <= 0:
                raise error
            time.sleep(min(pause_s * random.uniform(1, 1.5), PAUSE_S_MAX))
            pause_s *= 2


def refusal_of(answer: httpx2.Response) -> ApiError:
    """The error that an answer above 399 is."""
    said: Any = None
    with suppress(msgspec.MsgspecError):
        said = msgspec.json.decode(answer.content)
    wait_s = None
    with suppress(ValueError):
        wait_s = float(answer.headers.get("retry-after", ""))
    if not isinstance(said, dict) or "code" not in said:
        return ApiError(
            answer.status_code,
            UNREADABLE,
            f"the answer was {answer.status_code} without a reason",
            "see whether a Stockyard is running there",
            retry_after_s=wait_s,
        )
    return ApiError(
        answer.status_code,
        str(said["code"]),
        str(said.get("wrong") or said.get("detail") or said.get("title") or ""),
        str(said.get("right") or ""),
        said=said,
        retry_after_s=wait_s,
    )


def _events(lines: Iterator[str]) -> Iterator[Event]:
    name, token = "message", ""
    data: list[str] = []
    for line in lines:
        if not line:
            if data:
                yield Event(name, msgspec.json.decode("\n".join(data)), token)
            name, token, data = "message", "", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "id":
            token = value
        elif field == "data":
            data.append(value)
