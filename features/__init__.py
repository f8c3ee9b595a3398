"""What we look at: the request, the events before it, and the signals drawn from both.

Nothing here knows of the web, a store or a model. Read `signal.py` first, then one file of `groups/`.
"""
