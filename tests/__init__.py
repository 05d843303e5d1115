"""Tests of w2s; ``make test`` runs them, ``make differential`` and ``make bench`` run the long ones."""
