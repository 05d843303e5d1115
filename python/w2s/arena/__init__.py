"""Matches between players, their ratings and what they leave on disk.

Knows nothing about training or about how a model finds its answers.
"""
