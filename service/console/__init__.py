"""The analysts' console: a page a file, strings in both languages in `words_*.py`, signing in as plain HTML."""
