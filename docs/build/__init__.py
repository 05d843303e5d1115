"""Scripts that build the documentation: generated reference pages, figures, and outputs of commands."""
