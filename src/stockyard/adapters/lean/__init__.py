"""Recorded days in the LEAN file layout."""
