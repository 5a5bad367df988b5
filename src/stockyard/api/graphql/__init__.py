"""GraphQL: what REST lets one read, asked for in one request. Loaded when somebody first asks."""
