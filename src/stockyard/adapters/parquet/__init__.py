"""Recorded quotes and trades in Parquet files."""
