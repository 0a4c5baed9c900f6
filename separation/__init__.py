"""Mixtures and an objective in, checkpoints and stimuli out: singing voice separators trained on what people hear."""
