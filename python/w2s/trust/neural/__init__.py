"""The neural trust function: residual RMSNorm + SwiGLU blocks over the evidence of a label.

Scoring needs numpy; only fitting imports torch.
"""

from w2s.trust.neural.method import NEURAL
from w2s.trust.neural.options import NeuralOptions

__all__ = ["NEURAL", "NeuralOptions"]
