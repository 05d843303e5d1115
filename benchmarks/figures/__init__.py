"""One file per figure: what is measured, against which peers, and the target."""
