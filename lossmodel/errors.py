"""The one exception for input that a person can mend."""


class BadInput(ValueError):
    """A file, row or value that cannot be used; the message is one line naming it and the way out.

    Commands print the message and exit with status 2, pages answer 4xx with it.
    """
