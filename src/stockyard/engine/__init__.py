"""THE DECISIONS. Pure, single-threaded, integers only: ``apply(seq, ts, input, out)``."""
