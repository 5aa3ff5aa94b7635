"""How good the index is: measured against a known truth, estimated from stewards' answers, and watched over time.

Reads what linkage and identity store and writes only its own tables. It never changes an identity: what it finds, a
steward decides. Counts and shares leave this room; the pages it makes hold no record.
"""
