"""The web: thin routes. A route reads, checks who asks, calls one use case and writes the answer."""
