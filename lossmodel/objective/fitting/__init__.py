"""Fitting an objective to ratings: features extracted, heads regressed, songs left out, measured and simulated."""
