"""The one exception for input that a person can mend, and how a full disc is known and told."""

import errno

FULL_DISC = "the disc is full: nothing was stored; make room, then do it again"


class BadInput(ValueError):
    """A file, row or value that cannot be used; the message is one line naming it and the way out.

    Commands print the message and exit with status 2, pages answer 4xx with it.
    """

    def __str__(self) -> str:
        r"""Return the message in one line, whatever it quotes; a name that is no UTF-8 has its bytes as `\udcff`."""
        return printable(" ".join(super().__str__().splitlines()))


def printable(text: str) -> str:
    r"""Return `text` as every terminal, page and table takes it: halves of characters escaped.

    >>> printable("song\udcff.wav")
    'song\\udcff.wav'
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def is_disc_full(error: BaseException) -> bool:
    """Tell whether a disc, or a quota on it, is full: also where SQLite says so of its own file.

    >>> is_disc_full(OSError(errno.ENOSPC, "No space left on device"))
    True
    """
    out_of_room = isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}
    return out_of_room or str(error) == "database or disk is full"
