"""Studies behind the defaults: long and run manually; their tables are in docs/results.md."""
