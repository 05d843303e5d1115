"""Language models as students: taught by labels or by rewards, adapters or whole, by transformers' Trainer.

Knows nothing about where rows come from. Needs the extra ``models``.
"""
