"""Papers: statements and reports as pages to read, print and keep."""
