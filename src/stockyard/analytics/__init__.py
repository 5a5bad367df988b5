"""The maths: pure functions over what happened."""
