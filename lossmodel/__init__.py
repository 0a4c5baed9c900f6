"""Ratings in, objective out: what listeners said, what predicts it, and what a separator can learn from it."""
