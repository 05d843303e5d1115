"""One file a figure: what is measured, beside whom, and what is to be reached."""
