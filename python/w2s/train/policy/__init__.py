"""Training of policy nets: supervised, resumable at every step, on one device or several."""
