"""Measuring on the CPU at hand: what a path costs, beside what the model says."""
