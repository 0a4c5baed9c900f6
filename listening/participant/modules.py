"""What a trial page runs: named, so that a browser may have it before the page is opened."""

PAGE = "participant/listening-trial.js"
EARLY = ("early", "loaders", "sheet", "sound", "flac")
"""What brings the sounds, and so must be there first."""

IMPORTED = (
    "answers", "choice-list", "chunks", "coverage", "engine", "envelope", "events", "finish", "kept", "keys",
    "keys-help", "missing", "mixer", "play-bar", "player", "saved-note", "selfcheck", "sounds", "stimulus-card",
    "stimulus-column", "uuid",
)  # fmt: skip
"""Every other module that `PAGE` imports, or that those import."""


def early() -> list[str]:
    """Return the names of `EARLY` as static files."""
    return [f"participant/{name}.js" for name in EARLY]


def names() -> list[str]:
    """Return the names of the page's modules as static files."""
    return [*early(), PAGE, *(f"participant/{name}.js" for name in IMPORTED)]
