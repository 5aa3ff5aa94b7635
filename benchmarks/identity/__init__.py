"""Speed of the identity room."""
