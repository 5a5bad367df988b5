"""Backpack: coins and their perpetuals over WebSocket, markets and bars over REST."""
