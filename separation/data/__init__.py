"""Stems on disk to batches of excerpts; synthetic songs; the real excerpt at hand."""
