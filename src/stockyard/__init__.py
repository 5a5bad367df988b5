"""Stockyard: a brokerage you run yourself."""
