"""What a researcher sees of a fit: how well it agrees with people, where it errs, and what to rate next."""
