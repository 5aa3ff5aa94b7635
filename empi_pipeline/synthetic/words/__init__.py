"""Words the synthetic population is made of: names, streets, towns. Written down from public facts; no code."""
