"""What a trial page runs: named, so that a browser may have it before the page is opened."""

TRIAL_MODULE = "participant/listening-trial.js"
EARLY_MODULES = ("load-early", "loaders", "page-data", "sound", "parcel", "decode")
"""What brings the sounds, and so must be there first."""

OTHER_MODULES = (
    "answers", "choice-list", "chunks", "coverage", "engine", "envelope", "events", "finish", "answer-store",
    "item-words", "keys", "keys-help", "mixer", "next-trial", "numbers", "play-bar", "player", "saved-note",
    "selfcheck", "sounds", "stimulus-card", "stimulus-column", "still-missing", "stretches", "uuid",
)  # fmt: skip
"""Every other module that `TRIAL_MODULE` imports, or that those import."""


def early() -> list[str]:
    """Return the names of `EARLY_MODULES` as static files."""
    return [f"participant/{name}.js" for name in EARLY_MODULES]


def names() -> list[str]:
    """Return the names of the page's modules as static files."""
    return [*early(), TRIAL_MODULE, *(f"participant/{name}.js" for name in OTHER_MODULES)]
