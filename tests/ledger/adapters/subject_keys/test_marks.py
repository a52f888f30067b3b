"""The mark of an erased subject is a keyed digest of name and order, the same in every version of the program."""

from __future__ import annotations

from hashlib import blake2b

from ledger.adapters.subject_keys.key_store import _mark, _wrapped_to

SECRET = bytes(range(32))


def digest(text: str) -> bytes:
    return blake2b(text.encode(), key=SECRET, digest_size=32).digest()


def test_the_first_mark_has_no_number_and_each_later_one_that_of_the_keys_before_it() -> None:
    assert _mark(SECRET, "Müller", "o") == _mark(SECRET, "Müller", "o", 0) == digest("o\nMüller")
    assert _mark(SECRET, "Müller", "o", 1) == digest("o\nMüller\n1")
    assert _mark(SECRET, "Müller", "o", 12) == digest("o\nMüller\n12")
    marks = {_mark(SECRET, name, order, n) for name in ("a", "b") for order in ("o", "p") for n in range(3)}
    assert len(marks) == 12
    assert _mark(bytes(32), "a", "o") not in marks


def test_a_wrapped_secret_is_bound_to_its_file_and_its_key() -> None:
    assert _wrapped_to("bound", "key") == b"file\nbound\nkey"
