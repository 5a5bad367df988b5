"""Goal: the import contracts say what the house plan says. Method: compare them with the plan here.

A pure or protected room that gets its first tenant makes these tests red, and they print what to
write.
"""

from typing import Any

from tests.tidy.checkout import pure_rooms, rooms, settings

# From the outside in. Rooms on one line do not import each other.
PLAN = (
    ("__main__",),
    ("cli", "testing"),
    ("client",),
    ("last_good",),
    ("server",),
    ("demo",),
    ("app",),
    ("config",),
    ("api",),
    ("runtime",),
    ("adapters", "projections", "people", "strategies"),
    ("storage",),
    ("engine", "analytics", "market"),
    ("numerics",),
    ("telemetry",),
    ("model",),
)
WAYS_OUT = {
    "apsw",
    "asyncio",
    "logging",
    "os",
    "pathlib",
    "random",
    "socket",
    "sqlite3",
    "subprocess",
    "threading",
    "time",
}
MAY_IMPORT = {
    "engine": ("runtime", "app"),
    "config": ("app", "server", "cli", "testing", "client"),
}


def contracts() -> dict[str, dict[str, Any]]:
    """Return the contracts by id."""
    return {one["id"]: one for one in settings()["tool"]["importlinter"]["contracts"]}


def names(*wanted: str) -> list[str]:
    """Spell out those of the rooms that have a tenant."""
    return [f"stockyard.{name}" for name in wanted if name in rooms()]


def test_the_layers_are_the_plan() -> None:
    """Parentheses make a room optional, which forgives no import."""
    layers = contracts()["layers"]
    stated = [line.replace("(", "").replace(")", "") for line in layers["layers"]]
    assert stated == [" | ".join(line) for line in PLAN]
    assert layers["containers"] == ["stockyard"]
    assert layers["exhaustive"] is True


def test_every_room_has_a_place_in_the_plan() -> None:
    assert rooms() <= {name for line in PLAN for name in line}


def test_every_pure_room_is_watched() -> None:
    pure = contracts()["pure"]
    sources = [name for name in names(*settings()["tool"]["stockyard"]["pure_rooms"])]
    assert pure["source_modules"] == sources, f"write: source_modules = {sources}"
    assert ("stockyard.telemetry" in pure["forbidden_modules"]) == ("telemetry" in rooms())
    assert set(pure["forbidden_modules"]) >= WAYS_OUT
    assert "allow_indirect_imports" not in pure
    assert settings()["tool"]["importlinter"]["include_external_packages"] is True


def test_only_those_named_may_import_the_protected_rooms() -> None:
    for room, importers in MAY_IMPORT.items():
        if room in rooms():
            assert room in contracts(), f"the contract {room!r} is missing"
            assert contracts()[room]["protected_modules"] == [f"stockyard.{room}"]
            allowed = contracts()[room]["allowed_importers"]
            assert set(allowed) <= set(names(*importers)), room


def test_the_adapters_are_independent() -> None:
    assert contracts()["adapters"]["type"] == "independence"
    assert contracts()["adapters"]["modules"] == ["stockyard.adapters.*"]


def test_no_contract_forgives_an_import() -> None:
    for one in contracts().values():
        assert not {"ignore_imports", "exhaustive_ignores"} & set(one), one["id"]


def test_compiled_rooms_are_pure() -> None:
    assert set(settings()["tool"]["stockyard"]["compiled_rooms"]) <= pure_rooms()
