"""``stockyard`` on a disk that does as it is told: run with the file of orders, then as usual.

The faults sit below SQLite, in a virtual file system through which every database of the process
goes. The file of orders holds one line for each: what is wrong and with which file's name's
beginning, as ``full people`` or ``slow journal 3`` (``any``: all files); an empty file: the disk is
well again.
"""

import sys
import time
from pathlib import Path
from typing import Any

import apsw

ERRORS = {"full": apsw.FullError, "failing": apsw.IOError, "read-only": apsw.ReadOnlyError}


class Orders:
    """What is wrong just now."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def of(self, name: str) -> list[list[str]]:
        """The orders about a file."""
        try:
            lines = self._path.read_text().splitlines()
        except FileNotFoundError:
            return []
        told = [line.split() for line in lines if line]
        return [words for words in told if words[1] == "any" or name.startswith(words[1])]


class FaultyDisk(apsw.VFS):
    """The way to all files."""

    def __init__(self, orders: Orders) -> None:
        self.orders = orders
        super().__init__("faulty", "unix", makedefault=True)

    def xOpen(self, name: object, flags: list[int]) -> apsw.VFSFile:
        return FaultyFile(self.orders, name, flags)


class FaultyFile(apsw.VFSFile):
    """One file."""

    def __init__(self, orders: Orders, name: Any, flags: list[int]) -> None:
        super().__init__("unix", name, flags)
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._orders, self._name = orders, Path(str(path)).name

    def xWrite(self, data: bytes, offset: int) -> None:
        for words in self._orders.of(self._name):
            if words[0] in ERRORS:
                raise ERRORS[words[0]](words[0])
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:
        for words in self._orders.of(self._name):
            if words[0] == "slow":
                time.sleep(float(words[2]))
            if words[0] == "unsynced":
                error = apsw.IOError("unsynced")
                error.extendedresult = apsw.SQLITE_IOERR_FSYNC
                raise error
        super().xSync(flags)


def main() -> None:
    """Mount the disk and serve."""
    disk = FaultyDisk(Orders(Path(sys.argv[1])))
    assert disk is not None
    sys.argv = ["stockyard", *sys.argv[2:]]
    from stockyard.cli import main as stockyard

    stockyard()


if __name__ == "__main__":
    main()
