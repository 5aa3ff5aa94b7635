"""The assets: nouns, thin. Each loads its inputs, calls one function of the domain, and returns rows and aggregates.

What belongs here: partitions, dependencies, metadata (counts and histograms, never rows). What does not: rules.
"""
