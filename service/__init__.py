"""How we answer: the web, the stores, and the ten steps of a screening between them. Start with `screening.py`."""
