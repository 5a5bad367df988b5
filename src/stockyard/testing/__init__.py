"""A whole Stockyard inside somebody else's process, for tests.

Promises: naming this room loads nothing else. Must not know: which test asks.
"""
