"""Policy nets as students: supervised training, resumable at the step, on one device or several.

Knows nothing about where rows come from.
"""
