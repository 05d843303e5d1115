"""Damaged files: w2s reads them as they are, or refuses them with a code.

``formats`` is the table of what is damaged; ``mutations`` damages it; ``worker`` tries cases in a process of
its own; ``runner`` starts workers and collects failures. ``python -m tests.faults.damage -h`` runs many.
"""
