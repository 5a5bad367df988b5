"""WHO MAY DO WHAT. Users, credentials, sessions, API keys and who owns which account."""
