"""The same commands and views in the words of Alpaca's API, for clients that speak only these."""
