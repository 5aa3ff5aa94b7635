"""Intake: which delivered objects are new, what stands in them row by row, and the ledger of what became of each.

Nothing here knows Dagster or changes a value: cells stay as delivered, meaning is given to them in `cleaning`.
"""
