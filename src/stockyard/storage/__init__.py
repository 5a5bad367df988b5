"""WHAT SURVIVES A RESTART. The journal, snapshots and databases behind small ports."""
