"""Checks on real recorded days: ``make recorded LEAN=DIR``, or ``python -m tests.recorded``.

Promises: nothing of the data is kept; what the fills are compared with is read anew from the files
by a few lines that know nothing of the adapters. Must not know: how a fill is made.
"""
