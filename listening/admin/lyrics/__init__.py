"""Lyrics in the studio: a song and its words are aligned by a worker, heard with the words lit, and corrected."""
