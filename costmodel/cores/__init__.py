"""Core models: what a core is, with a source and an interval on every number."""
