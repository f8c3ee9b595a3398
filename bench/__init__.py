"""Benchmarks: what the figures in the documents were measured with; each prints what it ran on and how often."""
