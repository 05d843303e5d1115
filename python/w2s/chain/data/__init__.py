"""Gold, pool and test of a chain: from files, or from matches of each round's teacher and student."""
