"""How long the best candidates for one incoming record take."""
