"""OpenAI-compatible endpoints as models."""

from w2s.models.endpoint.loading import KIND

__all__ = ["KIND"]
