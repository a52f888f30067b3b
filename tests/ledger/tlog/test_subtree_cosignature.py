"""Notes of subtrees: one form, every byte signed, and no note that is one of a subtree and of a tree."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.adapters.keys.mldsa import verify
from ledger.errors import RecordError
from ledger.formats.ed25519 import public_key
from ledger.tlog.note import (
    COSIGNATURE,
    Vkey,
    b64,
    cosign_mldsa,
    format_checkpoint,
    log_vkey,
    open_checkpoint,
    parse_checkpoint,
    parse_vkey,
    sign_note,
    unb64,
)
from ledger.tlog.subtree import is_subtree
from ledger.tlog.subtree_cosignature import (
    Subtree,
    cosign_subtree,
    format_subtree,
    open_subtree,
    parse_subtree,
    subtree_note,
)
from tests.ledger.tlog.auditors import ORIGIN, SIZE, auditor, head, part

NOTE = auditor().note(8, 13)
LOG_SEED = b"l" * 32
LOG = parse_vkey(log_vkey(ORIGIN, public_key(LOG_SEED)))

ranges = st.integers(0, 62).flatmap(
    lambda level: st.tuples(st.integers(0, (1 << 62 - level) - 1), st.integers(1, 1 << level)).map(
        lambda pair: (pair[0] << level, (pair[0] << level) + pair[1])
    )
)
origins = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="+"), min_size=1)


def refused(code: str, says: str = "") -> Any:
    return pytest.raises(RecordError, match=rf"^{code}\b.*{says}")


def changed(note: bytes, at: int, to: bytes) -> bytes:
    """Return a note of one line with another byte of its signature line: `at` counts from the key id."""
    text, _, blob = note.decode().rstrip("\n").rpartition(" ")
    raw = unb64(blob)
    return f"{text} {b64(raw[:at] + to + raw[at + len(to) :])}\n".encode()


# the three lines


@given(origins, ranges, st.binary(min_size=32, max_size=32))
def test_the_text_of_a_subtree_is_read_as_it_was_written(origin: str, pair: tuple[int, int], root: bytes) -> None:
    subtree = Subtree(origin[:255], *pair, root)
    assert is_subtree(*pair)
    assert parse_subtree(format_subtree(subtree)) == subtree


def read_or_code(body: str) -> Subtree | str:
    try:
        return parse_subtree(body)
    except RecordError as error:
        return error.code


@given(st.text(st.sampled_from("a\n subtre8013=+A") | st.characters()))
def test_a_text_that_is_read_is_the_text_that_is_written(text: str) -> None:
    for body in (text, format_subtree(part(8, 13)).replace("8", text[:1], 1), format_subtree(part(8, 13)) + text):
        if (found := read_or_code(body)) not in ("SUB-FORMAT", "CP-ORIGIN"):
            assert isinstance(found, Subtree)
            assert format_subtree(found) == body


ROOT = b64(part(8, 13).root)


@pytest.mark.parametrize(
    "body",
    [
        "",
        f"{ORIGIN}\nsubtree 8 13\n{ROOT}",
        f"{ORIGIN}\nsubtree 8 13\n{ROOT}\nmore\n",
        f"{ORIGIN}\nsubtree 8 13\n{ROOT}\n\n",
        f"{ORIGIN}\nsubtree 08 13\n{ROOT}\n",
        f"{ORIGIN}\nsubtree 8  13\n{ROOT}\n",
        f"{ORIGIN}\nsubtree 8 13 \n{ROOT}\n",
        f"{ORIGIN}\nsubtree 8\n{ROOT}\n",
        f"{ORIGIN}\nsubtree -8 13\n{ROOT}\n",
        f"{ORIGIN}\nSubtree 8 13\n{ROOT}\n",
        f"{ORIGIN}\nsubtree 6 9\n{ROOT}\n",
        f"{ORIGIN}\nsubtree 8 8\n{ROOT}\n",
        f"{ORIGIN}\nsubtree 0 9223372036854775808\n{ROOT}\n",
        f"{ORIGIN}\nsubtree 8 13\n{ROOT[:-1]}\n",
        f"{ORIGIN}\nsubtree 8 13\n{b64(bytes(31))}\n",
        f"{ORIGIN}\n13\n{ROOT}\n",
    ],
)
def test_any_other_form_is_refused(body: str) -> None:
    with refused("SUB-FORMAT"):
        parse_subtree(body)


@pytest.mark.parametrize("origin", ["", "a b", "a+b", "é", "a" * 256])
def test_a_subtree_is_of_a_log_that_can_be(origin: str) -> None:
    with refused("CP-ORIGIN"):
        parse_subtree(f"{origin}\nsubtree 8 13\n{ROOT}\n")


# signatures


def test_a_cosigner_signs_its_name_no_time_the_origin_the_range_and_the_root() -> None:
    signed: list[bytes] = []

    def sign(message: bytes) -> bytes:
        signed.append(message)
        return bytes(2420)

    line = cosign_subtree(part(8, 13), "auditor.example/x", bytes(1312), sign)
    assert signed == [
        b"subtree/v1\n\0\x11auditor.example/x" + bytes(8) + b"\x17ledger.example/xo/karsk"
        + (8).to_bytes(8, "big") + (13).to_bytes(8, "big") + part(8, 13).root
    ]  # fmt: skip
    assert unb64(line.rstrip("\n").split(" ")[2])[4:] == bytes(8 + 2420)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (Subtree("a+b.example", 8, 13, bytes(32)), "CP-ORIGIN"),
        (Subtree(ORIGIN, 7, 13, bytes(32)), "SUB-FORMAT"),
        (Subtree(ORIGIN, 8, 13, bytes(31)), "SUB-FORMAT"),
    ],
)
def test_what_is_no_subtree_of_a_log_is_neither_written_nor_signed(wrong: Subtree, code: str) -> None:
    def sign(message: bytes) -> bytes:
        raise AssertionError(f"{message!r} was signed")

    with refused(code):
        format_subtree(wrong)
    with refused(code):
        cosign_subtree(wrong, "auditor.example/x", bytes(1312), sign)
    with refused(code):
        subtree_note(wrong, [])


def test_a_note_shows_which_known_keys_signed() -> None:
    one, two = auditor(), auditor("ilves")
    note = subtree_note(part(8, 13), [one.line(part(8, 13)), two.line(part(8, 13))])
    opened = open_subtree(note, [one.key, two.key], mldsa=verify)
    assert (opened.subtree, opened.cosigners, opened.ignored) == (part(8, 13), (one.key, two.key), ())
    opened = open_subtree(note, [two.key], mldsa=verify)
    assert (opened.cosigners, opened.ignored) == ((two.key,), (one.key.id,))
    with refused("CP-SIG", "no line of a known key"):
        open_subtree(note, [auditor("skylark").key], mldsa=verify)


def test_one_false_line_of_a_known_key_refuses_the_note() -> None:
    one, two = auditor(), auditor("ilves")
    note = subtree_note(part(8, 13), [one.line(part(8, 13)), two.line(part(8, 12))])
    assert open_subtree(note, [one.key], mldsa=verify).cosigners == (one.key,)
    with refused("CP-SIG", "does not verify"):
        open_subtree(note, [one.key, two.key], mldsa=verify)


@given(st.integers(12, 2431), st.integers(1, 255))
def test_no_changed_signature_holds(at: int, by: int) -> None:
    note = NOTE
    raw = unb64(note.decode().rstrip("\n").rpartition(" ")[2])
    with refused("CP-SIG", "does not verify"):
        open_subtree(changed(note, at, bytes([raw[at] ^ by])), [auditor().key], mldsa=verify)


def test_a_cosignature_holds_for_no_other_log_range_root_or_name() -> None:
    one, line = auditor(), auditor().line(part(8, 12))
    others = [
        Subtree("ledger.example/xo/ilves", 8, 12, part(8, 12).root),
        Subtree(ORIGIN, 8, 13, part(8, 12).root),
        Subtree(ORIGIN, 12, 16, part(8, 12).root),
        Subtree(ORIGIN, 8, 12, part(12, 16).root),
    ]
    for other in others:
        with refused("CP-SIG", "does not verify"):
            open_subtree(subtree_note(other, [line]), [one.key], mldsa=verify)
    named = Vkey.of("auditor.example/other", one.key.type, one.key.public)
    moved = line.replace(one.key.name, named.name)
    blob = moved.rstrip("\n").split(" ")[2]
    moved = moved.replace(blob, b64(named.keyid + unb64(blob)[4:]))
    with refused("CP-SIG", "does not verify"):
        open_subtree(subtree_note(part(8, 12), [moved]), [named], mldsa=verify)


def test_a_cosignature_of_a_subtree_has_the_time_0_and_one_length() -> None:
    with refused("CP-SIG", "the time 0"):
        open_subtree(changed(NOTE, 11, b"\x01"), [auditor().key], mldsa=verify)
    text, _, blob = NOTE.decode().rstrip("\n").rpartition(" ")
    for raw in (unb64(blob)[:-1], unb64(blob) + b"\0"):
        with refused("CP-SIG", "2,428 bytes"):
            open_subtree(f"{text} {b64(raw)}\n".encode(), [auditor().key], mldsa=verify)


def test_only_an_ml_dsa_key_signs_a_subtree() -> None:
    key = Vkey.of("witness.example", COSIGNATURE, public_key(b"w" * 32))
    with refused("CP-KEY", "only a key of type 0x06"):
        open_subtree(NOTE, [auditor().key, key], mldsa=verify)
    with refused("CP-KEY", "cannot be told apart"):
        open_subtree(NOTE, [auditor().key, auditor().key], mldsa=verify)


# a subtree is no tree head


def test_no_text_is_of_a_subtree_and_of_a_tree() -> None:
    with refused("CP-FORMAT"):
        parse_checkpoint(format_subtree(part(0, SIZE)))
    with refused("SUB-FORMAT"):
        parse_subtree(format_checkpoint(head()))


def test_a_cosignature_of_a_subtree_is_no_vote_of_a_witness() -> None:
    """The message over [0, size) is that of a checkpoint; without a time it is left out, even of a trusted key."""
    note = sign_note(format_checkpoint(head()), ORIGIN, LOG_SEED) + auditor().line(part(0, SIZE))
    opened = open_checkpoint(note.encode(), ORIGIN, LOG, [auditor().key], mldsa=verify)
    assert opened.cosignatures == ()


def test_a_witness_that_saw_a_tree_has_signed_no_subtree() -> None:
    note = sign_note(format_checkpoint(head()), ORIGIN, LOG_SEED).encode()
    line = cosign_mldsa(note, auditor().key.name, auditor().key.public, auditor().sign, 1_767_225_600)
    with refused("CP-SIG", "the time 0"):
        open_subtree(subtree_note(part(0, SIZE), [line]), [auditor().key], mldsa=verify)
    with refused("CP-SIG", "does not verify"):
        open_subtree(changed(subtree_note(part(0, SIZE), [line]), 4, bytes(8)), [auditor().key], mldsa=verify)
