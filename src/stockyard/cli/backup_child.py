"""The process that makes a scheduled backup, for a server that goes on meanwhile.

Run with the data directory, the folder of backups and how many stay. Must not know: when one is
due.
"""

import os
import sys
from pathlib import Path

from stockyard.cli.backup import check_of
from stockyard.config import ConfigError, read_config
from stockyard.runtime.backing_up import Watch, take_backup
from stockyard.runtime.idle import end_with_parent, give_way
from stockyard.storage.ports import StorageError


def main() -> None:
    """Make a backup; on standard error why it is no good one."""
    give_way()
    end_with_parent()
    os.umask(0o077)
    data, folder, keep = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    try:
        check = check_of(read_config(os.environ, data=data), Watch(), data)
        made = take_backup(data, folder, check, Watch(), keep=keep).backup
    except (ConfigError, StorageError, OSError) as error:
        sys.exit(str(error) or type(error).__name__)
    assert made.manifest is not None
    if made.manifest.broken:
        sys.exit(f"{made.path.name}: {'; '.join(made.manifest.broken)}")


if __name__ == "__main__":
    main()
