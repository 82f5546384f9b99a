"""The model: a Path lowered onto a Core, scheduled in one pass, and explained."""
