"""Word lists of the cleaning rules, as plain mappings `written -> standard`. No rules and no SQL here."""
