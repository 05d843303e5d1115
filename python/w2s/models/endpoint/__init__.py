"""OpenAI-compatible endpoints as models.

Knows nothing about the rules of a match or about whose labels these are.
"""

from w2s.models.endpoint.loading import KIND

__all__ = ["KIND"]
