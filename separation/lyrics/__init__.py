"""Lyrics: text to characters, characters to times, times to files and scores."""
