"""Who learns what in a chain: arms, their rows and targets, and the students that they make.

Knows nothing about the order of rounds.
"""
