"""Random words by which rows are addressed: a link's token, an assessor's code."""

import hashlib
import secrets


def new_token() -> str:
    """Return 128 random bits for a link: cannot be guessed, tells nothing."""
    return secrets.token_urlsafe(16)


def new_code() -> str:
    """Return 40 random bits as 8 letters and digits that are not mistaken for one another."""
    return "".join(secrets.choice("ABCDEFGHJKLMNPQRSTUVWXYZ23456789") for _ in range(8))


def hash_of(token: str) -> str:
    """Return under what a token is kept whose row must let nobody in; random bits need neither salt nor slowness."""
    return hashlib.sha256(token.encode()).hexdigest()
