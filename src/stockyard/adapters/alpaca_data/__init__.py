"""Alpaca's market-data stream, stocks and coins; what another Stockyard will speak, too."""
