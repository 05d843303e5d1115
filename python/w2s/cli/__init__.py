"""The command line: one file per command, no logic.

Knows nothing that the Python API does not offer.
"""
