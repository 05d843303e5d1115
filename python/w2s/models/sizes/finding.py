"""A reference → the shape of the model behind it.

Knows nothing about how a shape is read. Torch is imported where a model has one.
"""

from __future__ import annotations

from importlib.util import find_spec

from w2s.errors import DataError, ModelError
from w2s.models.hf.loading import place_of
from w2s.models.hf.settings import read_settings
from w2s.models.named import read_reference
from w2s.models.sizes.shape import Shape, bytes_of, shape_by_name


def shape_of(reference: str) -> Shape | None:
    """The shape of a model; None of one that has none, an engine say, or of which nothing is known.

    Args:
        reference: ``hf:``, ``policy:`` or ``lc0:``; a model that is not on this machine has the size that its
            name says.

    Raises:
        UsageError: it is no reference, or has an option that there is not.
    """
    parsed = read_reference(reference)
    if parsed.kind in ("policy", "lc0"):
        if find_spec("torch") is None:
            return None
        from w2s.models.sizes.nets import shape_of_net

        try:
            return shape_of_net(parsed)
        except (DataError, ModelError):
            return None
    if parsed.kind != "hf":
        return None
    settings = read_settings(parsed)
    found = None
    if find_spec("transformers") is not None:
        from w2s.models.sizes.language import shape_of_config

        try:
            found = shape_of_config(place_of(parsed), settings)
        except ModelError:
            return None
    return found or shape_by_name(parsed.target, bytes_of(settings))
