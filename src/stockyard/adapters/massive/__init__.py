"""Massive (formerly Polygon.io): US stocks over WebSocket, reference data and bars over REST."""
