"""Examples → labels with their evidence, and how many of them are right.

Knows nothing about trust, selection or training.
"""

from w2s.labelling.accuracy import Comparison, compare
from w2s.labelling.batch import Request, label_batch
from w2s.labelling.files import label_file

__all__ = ["Comparison", "Request", "compare", "label_batch", "label_file"]
