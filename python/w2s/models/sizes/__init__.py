"""How large a model is and how long its examples are, without its weights: what an estimate is made of.

Knows nothing about what the models will be used for. Nothing is downloaded: what is not on this machine is
assumed, and says so.
"""

from w2s.models.sizes.finding import shape_of
from w2s.models.sizes.lengths import Lengths, lengths_of
from w2s.models.sizes.shape import Shape

__all__ = ["Lengths", "Shape", "lengths_of", "shape_of"]
