"""State what an auditor checked in a range of entries, and find the range that verified statements cover.

    comity.audit-statement/1
    checked signatures
    checked chain
    checked places
    checked map-roots
    program 51e4...                                  SHA-256 of the program that checked
    rules 0f88...                                    digest of the rules that it applied

This text is the additional statement of a cosigner (c2sp.org/tlog-cosignature). One key makes one statement: the name
of the key ends with the digest of the text, and every cosignature signs the name. What the key signs is a subtree.

    auditor.example/karsk/audit/<SHA-256 of the text>

Statements of one key add up: [a, b) and [b, c) in one tree cover [a, c).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from hashlib import sha256

from msgspec import Struct

from ledger.errors import RecordError
from ledger.tlog.note import MLDSA44, Checkpoint, MlDsa, Vkey
from ledger.tlog.subtree import check_subtree_consistency
from ledger.tlog.subtree_cosignature import Subtree, open_subtree

CHECKS = ("signatures", "chain", "places", "map-roots")  # in this order

_FORMAT = "comity.audit-statement/1"
_STATEMENT = re.compile(
    rb"comity\.audit-statement/1\n((?:checked [a-z-]+\n)+)program ([0-9a-f]{64})\nrules ([0-9a-f]{64})\n"
)
_NAME = re.compile(r"(?P<auditor>.+)/audit/(?P<digest>[0-9a-f]{64})", re.DOTALL)


class AuditStatement(Struct, frozen=True):
    """What was checked of every entry in a range: some of `CHECKS`. `program` and `rules` are SHA-256 in hex."""

    checks: tuple[str, ...]
    program: str
    rules: str


class AuditedSubtree(Struct, frozen=True):
    """A subtree of the tree with the head `checkpoint`, of which the key of an auditor made its statement."""

    key: Vkey
    statement: AuditStatement
    subtree: Subtree
    checkpoint: Checkpoint


def format_statement(statement: AuditStatement) -> bytes:
    """Return the text of a statement; AUD-FORMAT if `parse_statement` would not read it as this statement."""
    checks = "".join(f"checked {each}\n" for each in statement.checks)
    text = f"{_FORMAT}\n{checks}program {statement.program}\nrules {statement.rules}\n".encode()
    if parse_statement(text) != statement:
        raise RecordError("AUD-FORMAT", "not a statement of an auditor in its one form")
    return text


def parse_statement(text: bytes) -> AuditStatement:
    """Read the text of a statement; AUD-FORMAT unless it has its one form: known checks, in order, and two digests."""
    found = _STATEMENT.fullmatch(text)
    checks = tuple(line.removeprefix("checked ") for line in found[1].decode().splitlines()) if found else ()
    if not found or checks != tuple(each for each in CHECKS if each in checks):
        raise RecordError("AUD-FORMAT", "not a statement of an auditor in its one form")
    return AuditStatement(checks, found[2].decode(), found[3].decode())


def auditor_name(auditor: str, text: bytes) -> str:
    """Return the name of the key with which `auditor` makes the statement `text`; AUD-FORMAT, AUD-KEY."""
    parse_statement(text)
    name = f"{auditor}/audit/{sha256(text).hexdigest()}"
    if not auditor or len(name.encode()) > 255:
        raise RecordError("AUD-KEY", "the name of an auditor has 1 to 184 bytes", where=repr(auditor))
    return name


def named_statement(key: Vkey) -> tuple[str, str]:
    """Return the auditor whose `key` this is, and the SHA-256 in hex of the statement that it makes.

    Raises AUD-KEY if the key is not of type 0x06, or if its name is not that of an auditor's key.
    """
    name = _NAME.fullmatch(key.name)
    if not name or key.type != MLDSA44:
        raise RecordError("AUD-KEY", "this is not the key of an auditor", where=key.id)
    return name["auditor"], name["digest"]


def auditor_of(key: Vkey, text: bytes) -> str:
    """Return the auditor whose `key` makes the statement `text`.

    Raises AUD-FORMAT if it is none, AUD-KEY if the key is not of type 0x06 or its name is not made of this text.
    """
    parse_statement(text)
    auditor, digest = named_statement(key)
    if digest != sha256(text).hexdigest():
        raise RecordError("AUD-KEY", "this key does not make this statement", where=key.id)
    return auditor


def check_audited(
    note: bytes, text: bytes, key: Vkey, checkpoint: Checkpoint, path: Sequence[bytes], *, mldsa: MlDsa
) -> AuditedSubtree:
    """Check that the trusted `key` made the statement `text` about a subtree of the tree with the head `checkpoint`.

    `note` is the note of the subtree, `path` its proof of consistency with the tree. Signatures and quorum of the
    checkpoint are checked elsewhere. Raises AUD-FORMAT and AUD-KEY as `auditor_of`, the codes of `open_subtree`,
    CP-ORIGIN for another log, SUB-PATH if the tree does not have this subtree.
    """
    auditor_of(key, text)
    subtree = open_subtree(note, [key], mldsa=mldsa).subtree
    if subtree.origin != checkpoint.origin:
        raise RecordError("CP-ORIGIN", f"a subtree of {subtree.origin}, a tree of {checkpoint.origin}")
    check_subtree_consistency(subtree.start, subtree.end, checkpoint.size, subtree.root, checkpoint.root, path)
    return AuditedSubtree(key, parse_statement(text), subtree, checkpoint)


def covered(audited: Iterable[AuditedSubtree], key: Vkey, checkpoint: Checkpoint) -> tuple[tuple[int, int], ...]:
    """Return the ranges [start, end) of the tree `checkpoint` of which `key` made its statement, left to right.

    Ranges that touch or overlap are one. What others state, or state of another tree, is left out.
    """
    ranges: list[tuple[int, int]] = []
    mine = [each.subtree for each in audited if each.key == key and each.checkpoint == checkpoint]
    for start, end in sorted((each.start, each.end) for each in mine):
        if ranges and start <= ranges[-1][1]:
            ranges[-1] = ranges[-1][0], max(end, ranges[-1][1])
        else:
            ranges.append((start, end))
    return tuple(ranges)
