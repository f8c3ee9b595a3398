"""Measurements: what the house costs beside others, as ratios taken in one run."""
