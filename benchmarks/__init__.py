"""Benchmarks: w2s next to its peers, measured in one run and written to ``docs/benchmarks.md``.

``python -m benchmarks`` measures all of them, ``python -m benchmarks agree perft`` some. A new figure is
one file in ``figures/`` and one line in ``registry.py``.
"""
