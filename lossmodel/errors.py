"""The one exception for input that a person can mend."""


class BadInput(ValueError):
    """A file, row or value that cannot be used; the message is one line naming it and the way out.

    Commands print the message and exit with status 2, pages answer 4xx with it.
    """

    def __str__(self) -> str:
        r"""Return the message; a name on the disk that is no UTF-8 stands in it with its bytes as `\udcff`."""
        return printable(super().__str__())


def printable(text: str) -> str:
    r"""Return `text` as every terminal, page and table takes it: halves of characters escaped.

    >>> printable("song\udcff.wav")
    'song\\udcff.wav'
    """
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
