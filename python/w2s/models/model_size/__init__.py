"""The size of a model and the lengths of its examples, without its weights: the inputs of an estimate.

Nothing is downloaded: what is not on this machine is assumed, and marked as such.
"""

from w2s.models.model_size.lengths import ExampleLengths, measure_lengths
from w2s.models.model_size.lookup import find_shape
from w2s.models.model_size.shape import ModelShape

__all__ = ["ExampleLengths", "ModelShape", "find_shape", "measure_lengths"]
