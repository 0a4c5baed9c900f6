"""Using a trained separator: recordings of any length in flat memory, and what it is compared with."""
