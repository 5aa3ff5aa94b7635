"""The identity room: who is who. Clusters under constraints, persons, the ledger, stewards' decisions, review cases.

Everything that writes identity is here, in one transaction under one advisory lock. No dagster, no splink, and no
scoring: predictions come in as rows.
"""
