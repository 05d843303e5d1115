"""The command line: one file per command, no logic. It offers nothing that the Python interface lacks."""
