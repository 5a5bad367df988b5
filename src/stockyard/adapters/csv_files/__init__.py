"""Recorded quotes and trades in CSV files."""
