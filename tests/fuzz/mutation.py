"""How a good file is spoilt: something is put in, cut out, repeated or exchanged, a few times over."""

from typing import Any

from hypothesis import strategies as st

NASTY = (
    b"", b"\0", b"\xff\xfe", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"../../../etc/passwd", b"/etc/passwd", b"nan", b"inf",
    b"1e999", b"-1", b"9" * 5000, b"[" * 3000, b"{", b"*a", b"&a [*a]", b"<<: *a", b'"', b"'", b",", b";", b"\n",
    b"\r", b"{}", b"\xff" * 8,
    "é".encode(), "\ufffd".encode(), "٣".encode(), b"!!python/object:os.system", b"a" * 300, b"true", b"null", b"[]",
    b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b"&a;", b"=1+1", b"a" * 140_000, b"1e308", b"0", b"\x7f\xff\xff\xff",
)  # fmt: skip
"""What has ever surprised a parser."""
MAX_CHANGES = 4
MAX_CUT_BYTES = 60


def spoilt(whole: bytes) -> st.SearchStrategy[bytes]:
    """Return `whole` after one to a few changes."""
    return st.lists(_change(len(whole)), min_size=1, max_size=MAX_CHANGES).map(lambda every: _changed(whole, every))


def _change(length: int) -> st.SearchStrategy[tuple[int, int, bytes, int]]:
    """Return where something is cut, how much, what is put there instead, and how often."""
    put = st.sampled_from(NASTY) | st.binary(max_size=8) | st.text(max_size=8).map(_encoded)
    cut = st.integers(0, MAX_CUT_BYTES) | st.integers(0, length)
    return st.tuples(st.integers(0, length), cut, put, st.sampled_from((1, 1, 1, 2, 50)))


def _changed(whole: bytes, every: Any) -> bytes:
    for start, cut, put, times in every:
        whole = whole[:start] + put * min(times, 1 + 200_000 // max(1, len(put))) + whole[start + cut :]
    return whole


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
