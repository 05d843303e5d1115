"""Language models as students: supervised training with adapters or whole, through transformers' Trainer.

Knows nothing about where rows come from. Needs the extra ``models``.
"""
