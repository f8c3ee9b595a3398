"""The simulator: people with lines, phones and habits over weeks, the requests they make, and those who rob them."""
