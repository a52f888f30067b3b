"""Statements of auditors: one form, one key for each text, and ranges that add up in one tree only."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.adapters.keys.mldsa import verify
from ledger.errors import RecordError
from ledger.tlog.audit_statement import (
    CHECKS,
    AuditedSubtree,
    AuditStatement,
    auditor_name,
    auditor_of,
    check_audited,
    covered,
    format_statement,
    parse_statement,
)
from ledger.tlog.note import COSIGNATURE, MLDSA44, Checkpoint, Vkey, parse_vkey, unb64
from ledger.tlog.subtree import prove_subtree_consistency, subtrees
from ledger.tlog.subtree_cosignature import Subtree, subtree_note
from tests.generate.audit_vectors import FILE, content
from tests.ledger.tlog.auditors import ORIGIN, SIZE, STATEMENT, TEXT, Auditor, auditor, head, part, read

digests = st.binary(min_size=32, max_size=32).map(bytes.hex)
statements = st.builds(
    AuditStatement,
    st.sets(st.sampled_from(CHECKS), min_size=1).map(lambda some: tuple(each for each in CHECKS if each in some)),
    digests,
    digests,
)


def refused(code: str, says: str = "") -> Any:
    return pytest.raises(RecordError, match=rf"^{code}\b.*{says}")


def path(start: int, end: int, size: int = SIZE) -> list[bytes]:
    return prove_subtree_consistency(start, end, size, read)


# the text


@given(statements)
def test_a_statement_is_read_as_it_was_written(statement: AuditStatement) -> None:
    assert parse_statement(format_statement(statement)) == statement


def read_or_code(text: bytes) -> AuditStatement | str:
    try:
        return parse_statement(text)
    except RecordError as error:
        return error.code


@given(statements, st.data())
def test_a_text_that_is_read_is_the_text_that_is_written(statement: AuditStatement, data: st.DataObject) -> None:
    text = format_statement(statement)
    at = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.integers(0, 2))
    changed = text[:at] + data.draw(st.binary(max_size=3) | st.sampled_from([b"\n", b"a", b"0"])) + text[at + cut :]
    if (found := read_or_code(changed)) != "AUD-FORMAT":
        assert isinstance(found, AuditStatement)
        assert format_statement(found) == changed


@dataclass(frozen=True)
class Wrong:
    old: bytes
    new: bytes


@pytest.mark.parametrize(
    "wrong",
    [
        Wrong(b"statement/1", b"statement/2"),
        Wrong(b"checked chain\n", b""),
        Wrong(b"checked chain\n", b"checked law\n"),
        Wrong(b"checked chain\n", b"checked chain\nchecked chain\n"),
        Wrong(b"checked chain\nchecked places\n", b"checked places\nchecked chain\n"),
        Wrong(b"checked chain", b"checked  chain"),
        Wrong(b"checked chain", b"Checked chain"),
        Wrong(b"program ", b"program"),
        Wrong(b"program ", b"rules "),
        Wrong(STATEMENT.program.encode(), STATEMENT.program.encode().upper()),
        Wrong(STATEMENT.program.encode(), STATEMENT.program.encode()[:-1]),
        Wrong(STATEMENT.rules.encode() + b"\n", STATEMENT.rules.encode()),
        Wrong(STATEMENT.rules.encode() + b"\n", STATEMENT.rules.encode() + b"\n\n"),
        Wrong(STATEMENT.rules.encode() + b"\n", STATEMENT.rules.encode() + b"\r\n"),
        Wrong(b"chain", "ch\u00e4in".encode()),
        Wrong(TEXT, b""),
        Wrong(TEXT, b"\n" * 1_025),
    ],
    ids=repr,
)
def test_any_other_form_is_refused(wrong: Wrong) -> None:
    assert wrong.old in TEXT
    text = TEXT.replace(wrong.old, wrong.new)
    if wrong == Wrong(b"checked chain\n", b""):
        assert parse_statement(text).checks == ("signatures", "places", "map-roots")  # it says less, in its own form
    else:
        with refused("AUD-FORMAT"):
            parse_statement(text)


@pytest.mark.parametrize(
    "statement",
    [
        AuditStatement((), STATEMENT.program, STATEMENT.rules),
        AuditStatement(("signatures\nchecked chain",), STATEMENT.program, STATEMENT.rules),
        AuditStatement(("chain", "signatures"), STATEMENT.program, STATEMENT.rules),
        AuditStatement(CHECKS, "AB" * 32, STATEMENT.rules),
        AuditStatement(CHECKS, STATEMENT.program, f"{STATEMENT.rules}\nrules"),
    ],
)
def test_no_other_statement_is_written(statement: AuditStatement) -> None:
    with refused("AUD-FORMAT"):
        format_statement(statement)


# one key, one statement


def test_the_name_of_a_key_names_the_auditor_and_the_text() -> None:
    key = auditor().key
    assert key.name == f"auditor.example/karsk/audit/{sha256(TEXT).hexdigest()}"
    assert auditor_of(key, TEXT) == "auditor.example/karsk"


@given(statements, statements)
def test_a_key_makes_no_other_statement(one: AuditStatement, other: AuditStatement) -> None:
    key = Vkey.of(auditor_name("a.example", format_statement(one)), MLDSA44, bytes(1312))
    assert auditor_of(key, format_statement(one)) == "a.example"
    if one != other:
        with refused("AUD-KEY", "does not make this statement"):
            auditor_of(key, format_statement(other))


def test_no_key_has_the_name_of_a_text_that_is_no_statement() -> None:
    for text in (b"", TEXT + b"more\n", TEXT.replace(b"/1", b"/2", 1)):
        with refused("AUD-FORMAT"):
            auditor_name("a.example", text)


def test_a_key_of_a_witness_makes_no_statement() -> None:
    for key in (
        Vkey.of("witness.example/w1", MLDSA44, bytes(1312)),
        Vkey.of(auditor().key.name, COSIGNATURE, bytes(32)),
        Vkey.of(f"/audit/{sha256(TEXT).hexdigest()}", MLDSA44, bytes(1312)),
    ):
        with refused("AUD-KEY", "is not the key of an auditor"):
            auditor_of(key, TEXT)


def test_the_name_of_an_auditor_leaves_room_for_the_digest() -> None:
    assert len(auditor_name("a" * 184, TEXT)) == 255
    for name in ("", "a" * 185, "é" * 93):
        with refused("AUD-KEY", "1 to 184 bytes"):
            auditor_name(name, TEXT)


# what is checked


@pytest.mark.parametrize("pair", [(0, 16), (16, 24), (32, 40), (0, 40), (39, 40)])
def test_a_statement_about_a_subtree_of_the_tree_holds(pair: tuple[int, int]) -> None:
    audited = check_audited(auditor().note(*pair), TEXT, auditor().key, head(), path(*pair), mldsa=verify)
    assert audited == AuditedSubtree(auditor().key, STATEMENT, part(*pair), head())


def test_a_statement_holds_for_a_tree_that_has_the_subtree_and_for_no_other() -> None:
    note = auditor().note(8, 13)
    for size in (13, 16, 39):
        check_audited(note, TEXT, auditor().key, head(size), path(8, 13, size), mldsa=verify)
    with refused("SUB-PATH"):
        check_audited(note, TEXT, auditor().key, head(39), path(8, 13, 40), mldsa=verify)
    with refused("SUB-PATH"):
        check_audited(note, TEXT, auditor().key, head(12), [], mldsa=verify)
    with refused("SUB-PATH"):
        check_audited(note, TEXT, auditor().key, Checkpoint(ORIGIN, 13, bytes(32)), path(8, 13, 13), mldsa=verify)
    with refused("CP-ORIGIN", "a tree of other"):
        other = Checkpoint("other.example", 13, head(13).root)
        check_audited(note, TEXT, auditor().key, other, path(8, 13, 13), mldsa=verify)


def test_an_auditor_that_signed_entries_of_another_history_is_found() -> None:
    forged = Subtree(ORIGIN, 8, 12, part(12, 16).root)
    note = subtree_note(forged, [auditor().line(forged)])
    with refused("SUB-PATH"):
        check_audited(note, TEXT, auditor().key, head(), path(8, 12), mldsa=verify)


def test_a_statement_with_another_text_key_or_signature_is_refused() -> None:
    less = format_statement(AuditStatement(("chain",), STATEMENT.program, STATEMENT.rules))
    note = auditor().note(8, 12)
    with refused("AUD-KEY"):
        check_audited(note, less, auditor().key, head(), path(8, 12), mldsa=verify)
    with refused("AUD-FORMAT"):
        check_audited(note, b"", auditor().key, head(), path(8, 12), mldsa=verify)
    with refused("CP-SIG", "no line"):
        check_audited(note, TEXT, auditor("ilves").key, head(), path(8, 12), mldsa=verify)
    with refused("CP-SIG", "no line"):
        check_audited(note, less, Auditor("karsk", less).key, head(), path(8, 12), mldsa=verify)
    with refused("CP-SIG", "does not verify"):
        check_audited(note, TEXT, auditor().key, head(), path(8, 12), mldsa=lambda *_: False)


# statements add up


def audited(start: int, end: int, by: Vkey | None = None, tree: Checkpoint | None = None) -> AuditedSubtree:
    return AuditedSubtree(by or auditor().key, STATEMENT, part(start, end), tree or head())


@given(st.lists(st.tuples(st.integers(0, SIZE), st.integers(0, SIZE)).map(sorted), max_size=6), st.randoms())
def test_ranges_add_up_to_their_union(pairs: list[list[int]], chance: Any) -> None:
    parts = [each for pair in pairs for each in subtrees(*pair)]
    chance.shuffle(parts)
    found = covered([audited(*each) for each in parts], auditor().key, head())
    assert {n for start, end in found for n in range(start, end)} == {n for each in parts for n in range(*each)}
    assert all(start < end for start, end in found)
    assert all(one[1] < other[0] for one, other in pairwise(found))


def test_what_ends_where_the_next_begins_is_one_range_and_a_gap_stays() -> None:
    assert covered([audited(16, 24), audited(0, 16)], auditor().key, head()) == ((0, 24),)
    assert covered([audited(0, 8), audited(9, 10)], auditor().key, head()) == ((0, 8), (9, 10))
    assert covered([audited(0, 32), audited(8, 16)], auditor().key, head()) == ((0, 32),)
    assert covered([], auditor().key, head()) == ()


def test_statements_of_another_key_or_another_tree_do_not_add_up() -> None:
    mine, others, older = audited(0, 16), audited(16, 24, auditor("ilves").key), audited(24, 32, tree=head(39))
    assert covered([mine, others, older], auditor().key, head()) == ((0, 16),)
    assert covered([mine, others, older], auditor("ilves").key, head()) == ((16, 24),)
    assert covered([mine, others, older], auditor().key, head(39)) == ((24, 32),)
    less = Auditor("karsk", format_statement(AuditStatement(("chain",), STATEMENT.program, STATEMENT.rules))).key
    assert covered([mine, audited(16, 24, less)], auditor().key, head()) == ((0, 16),)


# published vectors

VECTORS = [json.loads(line) for line in FILE.read_text("utf-8").splitlines()]


@pytest.mark.parametrize("case", VECTORS, ids=lambda case: case["label"])
def test_a_published_case_gets_its_published_answer(case: dict[str, Any]) -> None:
    tree = Checkpoint(case["origin"], case["size"], unb64(case["root"]))
    key, proof = parse_vkey(case["vkey"]), [unb64(each) for each in case["path"]]
    ask = partial(check_audited, case["note"].encode(), case["statement"].encode(), key, tree, proof, mldsa=verify)
    if case["code"]:
        with refused(case["code"]):
            ask()
    else:
        assert (ask().key, ask().checkpoint) == (key, tree)


def test_our_published_vectors_are_those_of_their_generator() -> None:
    assert content(FILE.read_text("utf-8")) == FILE.read_text("utf-8")
