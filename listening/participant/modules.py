"""What a trial page runs, named in its head, so that a browser need not find out import by import."""

PAGE = "participant/listening-trial.js"
IMPORTED = (
    "answers", "choice-list", "chunks", "coverage", "early", "engine", "envelope", "events", "finish", "flac", "kept",
    "keys", "keys-help", "loaders", "missing", "mixer", "play-bar", "player", "saved-note", "selfcheck", "sheet",
    "sound", "sounds", "stimulus-card", "stimulus-column", "uuid",
)  # fmt: skip
"""Every module that `PAGE` imports, or that those import."""


def names() -> list[str]:
    """Return the names of the page's modules as static files."""
    return [PAGE, *(f"participant/{name}.js" for name in IMPORTED)]
