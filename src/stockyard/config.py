"""One frozen config tree, read once at start: defaults, then environment, then the command line.

Promises: every setting is one field here, with its environment variable ``STOCKYARD_<FIELD>``; a value
that cannot be meant is refused with what would be right. Must not know: what a setting does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final

PREFIX: Final = "STOCKYARD_"


class ConfigError(ValueError):
    """A setting that cannot be meant; the message names it and says what would be right."""


def _setting(default: Any, about: str, **bounds: Any) -> Any:
    return field(default=default, metadata={"about": about, **bounds})


@dataclass(frozen=True)
class Config:
    """Every setting of a Stockyard, with its default. ``about`` in the metadata is its documentation."""

    data: Path = _setting(Path("data"), "Directory that holds everything that must survive.")
    host: str = _setting("127.0.0.1", "Address to listen on.")
    port: int = _setting(8000, "Port to listen on.", least=0, most=65535)
    market: str = _setting(
        "simulated", "`simulated`, `none`, or `replay:` and a recording (see the guide)."
    )
    calendar: str = _setting(
        "",
        "Sessions of stocks: `always` (open day and night, trading days end at 16:00 New York) or"
        " `xnys`. Empty: `always` for the simulated market, `xnys` for recordings.",
        choices=("", "always", "xnys"),
    )
    market_seed: int = _setting(1, "Seed of the simulated market.", least=0, most=2**63 - 1)
    updates_per_second: float = _setting(
        1.0, "Simulated quote updates a second for each symbol.", least=0.001, most=1000.0
    )
    replay_speed: float = _setting(
        1.0,
        "Speed of a recording against its own time; 0 for as fast as possible.",
        least=0.0,
        most=1e6,
    )
    starting_cash: str = _setting("100000", "Dollars a new account starts with.")
    profile: str = _setting(
        "realistic", "Realism profile of new accounts.", choices=("ideal", "realistic")
    )
    registration: bool = _setting(True, "Whether anyone may sign up.")
    demo: bool = _setting(True, "Make a demo user and write `demo.json` into the data directory.")
    snapshot_seconds: float = _setting(
        10.0, "Seconds between snapshots of the engine.", least=0.1, most=86_400.0
    )
    projection_seconds: float = _setting(
        0.1, "Seconds between writes of the query tables.", least=0.001, most=10.0
    )
    body_bytes_max: int = _setting(
        65_536, "Largest request body in bytes.", least=1024, most=16_777_216
    )
    log_level: str = _setting(
        "info", "How much to log.", choices=("debug", "info", "warning", "error")
    )


def read_config(environment: Mapping[str, str], **given: Any) -> Config:
    """The config from the environment, overridden by what was ``given`` (None: not given).

    Raises ``ConfigError``.
    """
    values: dict[str, Any] = {}
    known = {f.name: f for f in fields(Config)}
    for name in environment:
        if name.startswith(PREFIX) and name[len(PREFIX) :].lower() not in known:
            raise ConfigError(f"{name}: there is no such setting; see docs/reference/settings.md")
    for name, f in known.items():
        text = environment.get(PREFIX + name.upper())
        if text is not None:
            values[name] = _parse(PREFIX + name.upper(), type(f.default), text)
        if given.get(name) is not None:
            values[name] = given[name]
    config = replace(Config(), **values)
    for name, f in known.items():
        _check(name, getattr(config, name), f.metadata)
    return config


def _parse(name: str, kind: Any, text: str) -> Any:
    try:
        if kind is bool:
            return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}[
                text.lower()
            ]
        return Path(text) if issubclass(kind, Path) else kind(text)
    except (KeyError, ValueError):
        right = "1 or 0" if kind is bool else f"a value like {kind.__name__}"
        raise ConfigError(f"{name}={text!r}: expected {right}") from None


def _check(name: str, value: Any, metadata: Mapping[str, Any]) -> None:
    if "choices" in metadata and value not in metadata["choices"]:
        options = ", ".join(repr(choice) for choice in metadata["choices"])
        raise ConfigError(f"{name} {value!r}: expected one of {options}")
    if "least" in metadata and not metadata["least"] <= value <= metadata["most"]:
        raise ConfigError(
            f"{name} {value}: expected {metadata['least']} to {metadata['most']}"
        )
