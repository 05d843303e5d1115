"""Gold, pool and test of a chain: from files, or from the matches of each round's pair.

Knows nothing about labels, trust or training.
"""
