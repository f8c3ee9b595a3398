"""How we judge: a signed model gives a probability, a policy decides. Pure but for reading a bundle from disk."""
