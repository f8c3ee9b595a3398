"""The signals, a file a group. Each file ends in `SIGNALS`, and knows nothing of the other files."""
