"""The neural trust function: residual RMSNorm + SwiGLU blocks over the evidence of a label.

Scoring needs numpy; only fitting imports torch.
"""

from w2s.trust.neural.forward import NeuralOptions
from w2s.trust.neural.method import NEURAL

__all__ = ["NEURAL", "NeuralOptions"]
