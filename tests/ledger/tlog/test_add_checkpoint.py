"""An add-checkpoint request has one form: the reader accepts exactly what the writer writes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import RecordError
from ledger.tlog.add_checkpoint import LARGEST, format_submission, parse_submission

SIZE = st.integers(0, (1 << 63) - 1)
PROOF = st.lists(st.binary(min_size=32, max_size=32), max_size=63)
NOTE = st.binary(min_size=1, max_size=300)


@given(SIZE, PROOF, NOTE)
def test_what_is_written_is_read(old: int, proof: list[bytes], note: bytes) -> None:
    read = parse_submission(format_submission(old, proof, note))
    assert (read.old, read.proof, read.note) == (old, tuple(proof), note)


@given(st.one_of(st.binary(max_size=400), st.builds(lambda a, b: b"old " + a + b"\n\n" + b, st.binary(), st.binary())))
def test_whatever_is_read_would_be_written_so(body: bytes) -> None:
    try:
        read = parse_submission(body)
    except RecordError:
        return
    assert format_submission(read.old, read.proof, read.note) == body


@pytest.mark.parametrize(
    ("old", "proof", "note"),
    [
        (-1, [], b"note"),
        (1 << 63, [], b"note"),
        (0, [bytes(32)] * 64, b"note"),
        (0, [bytes(31)], b"note"),
        (0, [], b""),
        (0, [], b"x" * LARGEST),
    ],
)
def test_what_could_not_be_read_is_not_written(old: int, proof: list[bytes], note: bytes) -> None:
    with pytest.raises(RecordError) as refused:
        format_submission(old, proof, note)
    assert refused.value.code == "WIT-FORMAT"


@pytest.mark.parametrize(
    "body",
    [
        *(
            b"",
            b"old 0",
            b"old 0\n\n",
            b"\n\nnote",
            b"0\n\nnote",
            b"Old 0\n\nnote",
            b"old  0\n\nnote",
            b"old 00\n\nnote",
        ),
        *(b"old -1\n\nnote", b"old \xff\n\nnote", b"old 0\nAAAA\n\nnote", b"old 0\n!\n\nnote", b"old 0\n\r\n\r\nnote"),
    ],
)
def test_bytes_in_another_form_are_no_request(body: bytes) -> None:
    with pytest.raises(RecordError) as refused:
        parse_submission(body)
    assert refused.value.code == "WIT-FORMAT"
