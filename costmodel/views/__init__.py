"""How results are shown. Nothing here computes a cycle, and nothing here prints."""
