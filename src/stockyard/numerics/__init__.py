"""THE SUMS. Checked integer products, rounding by name, the counter-based random generator."""
