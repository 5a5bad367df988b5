"""Series of the data directory and its backups.

Promises: a scrape costs a few calls to the file system. Must not know: how a backup is made.
"""

from collections.abc import Iterator
from pathlib import Path

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from stockyard.runtime.backup_schedule import BackupSchedule
from stockyard.runtime.retention import JournalRetention
from stockyard.runtime.storage_state import room_of


def storage_series(
    directory: Path | None, backups: BackupSchedule | None, retention: JournalRetention | None
) -> Iterator[Metric]:
    """Every series about them; none of a world in memory."""
    room = room_of(directory) if directory is not None else None
    if room is not None:
        yield GaugeMetricFamily(
            "data_disk_free_bytes", "Room on the data directory's disk.", value=room.free
        )
    if retention is not None:
        yield GaugeMetricFamily(
            "journal_pruned_seq",
            "The input up to which the journal was pruned; 0 where it never was.",
            value=retention.base_seq,
        )
        yield CounterMetricFamily(
            "journal_pruning_failures", "Turns that could not prune.", value=retention.failures
        )
    if backups is None:
        return
    yield GaugeMetricFamily(
        "backup_age_seconds",
        "Age of the newest good backup; infinite where there is none.",
        value=backups.age_s,
    )
    good = backups.kept.last_good
    yield GaugeMetricFamily(
        "backup_bytes",
        "Size of the newest good backup.",
        value=good.manifest.bytes if good is not None and good.manifest is not None else 0,
    )
    yield GaugeMetricFamily(
        "backups_kept", "Backups in the folder.", value=len(backups.kept.backups)
    )
    yield GaugeMetricFamily(
        "backup_running", "1 while one is being made.", value=int(backups.running_since_ns > 0)
    )
    yield CounterMetricFamily(
        "backup_failures", "Tries that gave no good backup.", value=backups.failures
    )
