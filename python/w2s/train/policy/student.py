"""Loads the policy net that a reference names, and identifies it by a digest."""

from __future__ import annotations

import hashlib

from w2s.errors import UsageError
from w2s.models.lc0.loading import load_lc0_net
from w2s.models.policy.files import from_pretrained
from w2s.models.policy.loading import policy_folder
from w2s.models.policy.nets import PolicyNet
from w2s.models.reference import quote, resolve_reference


def load_student(reference: str) -> PolicyNet:
    """The net that a reference names, on the CPU, in float32.

    Raises:
        UsageError: the model is not a policy net.
        ModelError: the net cannot be loaded.
        DataError: its files are invalid.
    """
    parsed = resolve_reference(reference)
    if parsed.kind == "policy":
        return from_pretrained(policy_folder(parsed))
    if parsed.kind == "lc0":
        return load_lc0_net(parsed)
    raise UsageError(
        "train-student-cannot-learn",
        f"{quote(reference)} cannot be trained; name policy:DIR, lc0:FILE.pb.gz or a language model, hf:DIR",
    )


def net_digest(net: PolicyNet) -> str:
    """A digest of the configuration and the weights of a net."""
    digest = hashlib.blake2b(net.config.text().encode(), digest_size=16)
    for name, tensor in sorted(net.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
