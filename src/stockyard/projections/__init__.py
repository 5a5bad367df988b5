"""THE READ SIDE. Folds of the engine's events, in memory and in SQL; can be rebuilt from the
journal.
"""
