"""``stockyard secrets``: the key under which secrets are kept, made, changed, and given up.

Promises: a change that is cut off leaves a directory that opens with the keys it has. Must not
know: what is kept under the key.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cyclopts import App

from stockyard import app
from stockyard.config import Config, ConfigError, read_config
from stockyard.people.schema import migrate
from stockyard.people.sealing import (
    Sealer,
    count_sealed,
    forget_sealed,
    new_key,
    reseal,
    settle_key,
)
from stockyard.storage.lock import DirectoryLock
from stockyard.storage.ports import Database
from stockyard.storage.secret_key import FILE_NAME, write_key_file
from stockyard.storage.sqlite import SqliteDatabase

PEOPLE: str = "people.db"

secrets: App = App(name="secrets", help="Make and change the key under which secrets are kept.")


@contextmanager
def _opened(config: Config) -> Iterator[Database]:
    """The people's database of a directory that no server holds."""
    path = config.data / PEOPLE
    if not path.is_file():
        raise ConfigError(f"data {str(config.data)!r}: there is no {PEOPLE} in it")
    with DirectoryLock(config.data):
        database = SqliteDatabase(path, durable=True)
        try:
            migrate(database)
            yield database
        finally:
            database.close()


@secrets.command
def new() -> None:
    """Print a fresh key, for STOCKYARD_SECRET_KEY or the file of STOCKYARD_SECRET_KEY_FILE."""
    print(new_key())


@secrets.command
def rotate(*, data: Path | None = None) -> None:
    """Keep every secret under a new key.

    Where the directory keeps its key itself, a new one is made and the old one dropped. Where keys
    are given by a setting, put the new one before the old one first, run this, then drop the old.

    Parameters
    ----------
    data: Directory to work on (./data); no server may be running on it.
    """
    config = read_config(os.environ, data=data)
    own = not (config.secret_key or config.secret_key_file)
    with _opened(config) as database:
        keys = app.secret_keys(config)
        file = config.data / FILE_NAME
        if own:
            keys = (new_key(), *keys)
            settle_key(database, Sealer(keys))
            # All stand in the file until the database is done: a crash loses none.
            write_key_file(file, keys)
        count = reseal(database, Sealer(keys))
        if own:
            write_key_file(file, keys[:1])
    print(f"{count} secrets are kept under the new key")
    if not own and len(keys) > 1:
        print("the other keys are not needed any more: take them out of the setting")


@secrets.command
def forget(*, data: Path | None = None, yes: bool = False) -> None:
    """Give up the secrets of a directory whose key is lost, so that it can be served again.

    Second factors, signing keys and secrets of webhooks are deleted: people sign in with their
    passwords alone, and set up again what they had.

    Parameters
    ----------
    data: Directory to work on (./data); no server may be running on it.
    yes: Really do it; without this it is only told how much there is.
    """
    config = read_config(os.environ, data=data)
    with _opened(config) as database:
        if not yes:
            print(f"{count_sealed(database)} secrets would be deleted; add --yes to do it")
            return
        keys = app.secret_keys(config)
        if not keys:
            keys = (new_key(),)
            write_key_file(config.data / FILE_NAME, keys)
        print(f"{forget_sealed(database, Sealer(keys))} secrets were deleted")
