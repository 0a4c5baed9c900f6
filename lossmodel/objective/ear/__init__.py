"""What a listener might go by: from an excerpt to features, each 0 where the estimate is the reference."""
