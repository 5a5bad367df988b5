"""WHAT HAPPENED AND HOW LONG IT TOOK. Counts, states and the circuit breaker.

Promises: plain values that can be read at any time. Must not know: who reads them, or what is
counted.
"""
