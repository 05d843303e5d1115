"""Studies behind the defaults: long, run by hand, their tables in docs/results.md."""
