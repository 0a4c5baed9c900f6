"""Ladders of degradation: sounds whose order people would agree on, without asking them.

A rung is made by a pure function of (vocals, accompaniment, rate, strength, seed), batched, at 16 to 48 kHz, worse
with strength; random draws depend on the seed alone, so that a batch hears what its excerpts would hear one by one,
and what is lost at one strength is lost at every greater one. `table` says what ratings do on each.
"""

from lossmodel.objective.ladders.table import BY_NAME, LADDERS, STRENGTHS, Degradation, Effect, Ladder

__all__ = ["BY_NAME", "LADDERS", "STRENGTHS", "Degradation", "Effect", "Ladder"]
