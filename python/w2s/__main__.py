"""``python -m w2s``: the command line, for launchers that start modules."""

from w2s.cli.app import main

if __name__ == "__main__":
    main()
