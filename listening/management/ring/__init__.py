"""The demonstration: the whole ring on a real excerpt and synthetic songs, small enough for a coffee break.

Each step looks for what an earlier try left behind and goes on from there. Its listeners are simulated.
"""
