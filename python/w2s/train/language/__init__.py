"""Training of language models by labels or by rewards, with adapters or whole; needs the extra ``models``."""
