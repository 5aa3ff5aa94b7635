"""Training: a match model's probabilities learned from records, without labels or with stewards' decisions.

u from random pairs, m by expectation maximisation (both by Splink), drawn towards the model that training started
from. Works on Arrow tables and a DuckDB connection; only `of_index.py` reads Postgres. A trained model is a new model:
nothing here activates one.
"""
