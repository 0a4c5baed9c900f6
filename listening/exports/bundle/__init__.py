"""A study for others: one zip with ratings, codebook, sounds, design, figures and licence, without personal data."""

from listening.exports.bundle.contents import Choice, bundle

__all__ = ["Choice", "bundle"]
