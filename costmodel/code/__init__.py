"""From a file to a Path: read, assemble, decode, follow, track addresses."""
