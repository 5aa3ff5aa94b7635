"""How fast the HTTP API and the stewards' page answer."""
