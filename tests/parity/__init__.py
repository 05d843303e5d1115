"""What is fast beside what is plain: rules beside python-chess, kernels beside loops that anyone can read."""
