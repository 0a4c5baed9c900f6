"""In which order attributes come: rows of a Williams square."""


def williams(size: int) -> list[list[int]]:
    """Return the rows of a Williams square: Latin, and balanced for what comes directly before (Williams, 1949).

    `size` rows for an even size, twice as many for an odd one.

    >>> williams(2)
    [[0, 1], [1, 0]]
    """
    zigzag = [(step + 1) // 2 if step % 2 else (size - step // 2) % size for step in range(size)]
    rows = [[(place + shift) % size for place in zigzag] for shift in range(size)]
    return rows if size % 2 == 0 else rows + [row[::-1] for row in rows if size > 1]
