"""Commands that are killed at many moments: run again, they end with the same bytes and leave nothing."""
