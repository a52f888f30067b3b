"""Write the vectors of statements of auditors: `python -m tests.generate.audit_vectors`.

Each line of the file is one case as JSON, hashes in base64. Entry n of the log is the text `entry n`; the seed of a key
is the SHA-256 of its name. ML-DSA signatures are different each time, so a signature of the file stays as long as it
verifies.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from ledger.adapters.keys.mldsa import MlDsaKey, verify
from ledger.tlog.audit_statement import CHECKS, AuditStatement, auditor_name, format_statement
from ledger.tlog.cosigned_message import subtree_message
from ledger.tlog.note import MLDSA44, Checkpoint, Vkey, b64, format_line, split_note
from ledger.tlog.subtree import prove_subtree_consistency, subtree_root
from ledger.tlog.subtree_cosignature import Subtree, format_subtree
from ledger.tlog.tree import Frontier, leaf_hash, root

FILE = Path(__file__).parents[2] / "docs" / "reference" / "formats" / "vectors" / "audit_kats.jsonl"
ORIGIN = "ledger.example/xo/karsk"
SIZE = 40
TEXT = format_statement(AuditStatement(CHECKS, sha256(b"the program").hexdigest(), sha256(b"the rules").hexdigest()))

Row = dict[str, object]

_FRONTIER = Frontier()
_HASHES = [stored for n in range(SIZE) for stored in _FRONTIER.add(leaf_hash(b"entry %d" % n))]


class Cosigner:
    """A key from the seed of its name, which signs anything. Of the signatures in `kept` it uses one that holds."""

    def __init__(self, name: str, kept: Collection[bytes]) -> None:
        self._key = MlDsaKey(MLDSA44PrivateKey.from_seed_bytes(sha256(name.encode()).digest()))
        self._kept = kept
        self.key = Vkey.of(name, MLDSA44, self._key.public)

    def line(self, subtree: Subtree, time: int = 0) -> str:
        message = subtree_message(self.key.name, time, subtree.origin, subtree.start, subtree.end, subtree.root)
        holding = (each for each in self._kept if verify(self.key.public, message, each))
        return format_line(self.key, time.to_bytes(8, "big") + (next(holding, b"") or self._key.sign(message)))


def content(old: str) -> str:
    """Return the content of the file, with the signatures of its `old` content that hold."""
    notes = [json.loads(line)["note"].encode() for line in old.splitlines()]
    kept = sorted(line.signature[8:] for note in notes if note for line in split_note(note)[1])
    return "".join(json.dumps(row) + "\n" for row in rows(kept))


def rows(kept: Collection[bytes]) -> Iterator[Row]:
    """Yield all cases: `code` is null if the statement holds, else the code under which it is refused."""
    mine = Cosigner(auditor_name("auditor.example/karsk", TEXT), kept)
    plain = Cosigner("witness.example/w1", kept)
    other = format_statement(AuditStatement(("chain",), "ab" * 32, "cd" * 32))
    for pair in ((0, 16), (16, 24), (24, 32), (32, 40), (0, 40), (8, 13), (39, 40)):
        yield row(f"entries_{pair[0]}_to_{pair[1]}", part(*pair), mine)
    yield row("in_the_tree_of_13", part(8, 13), mine, size=13)
    yield row("two_lines_one_unknown", part(8, 12), mine, before=plain.line(part(8, 12)))

    held = part(8, 12)
    yield row("another_statement", held, mine, text=other, code="AUD-KEY")
    swapped = TEXT.replace(b"checked chain\nchecked places\n", b"checked places\nchecked chain\n")
    yield row("checks_in_another_order", held, mine, text=swapped, code="AUD-FORMAT")
    yield row("a_witness", held, plain, code="AUD-KEY")
    yield row("line_of_another_key", held, mine, line=plain.line(held), code="CP-SIG")
    yield row("line_of_another_range", held, mine, line=mine.line(part(8, 10)), code="CP-SIG")
    yield row("line_with_a_time", part(0, 40), mine, line=mine.line(part(0, 40), 1_767_225_600), code="CP-SIG")
    forged = Subtree(ORIGIN, 8, 12, part(12, 16).root)
    yield row("entries_of_another_place", forged, mine, code="SUB-PATH")
    yield row("another_log", Subtree("ledger.example/xo/ilves", *held_of(held)), mine, code="CP-ORIGIN")
    yield row("a_hash_left_out", held, mine, change=lambda path: path[1:], code="SUB-PATH")
    yield row("a_hash_added", held, mine, change=lambda path: [*path, bytes(32)], code="SUB-PATH")
    yield row("proof_for_a_smaller_tree", held, mine, change=lambda _: proof(held, 39), code="SUB-PATH")
    good = row("", held, mine)
    yield {**good, "label": "no_subtree", "note": str(good["note"]).replace(" 8 12\n", " 6 9\n"), "code": "SUB-FORMAT"}
    yield {
        **good,
        "label": "a_tree_head",
        "note": str(good["note"]).replace("subtree 8 12\n", "12\n"),
        "code": "SUB-FORMAT",
    }
    yield {**good, "label": "no_note", "note": "", "code": "CP-FORMAT"}


def part(start: int, end: int) -> Subtree:
    return Subtree(ORIGIN, start, end, subtree_root(start, end, read))


def held_of(subtree: Subtree) -> tuple[int, int, bytes]:
    return subtree.start, subtree.end, subtree.root


def proof(subtree: Subtree, size: int) -> list[bytes]:
    return prove_subtree_consistency(subtree.start, subtree.end, size, read)


def read(indexes: Sequence[int]) -> list[bytes]:
    return [_HASHES[index] for index in indexes]


def row(
    label: str,
    subtree: Subtree,
    by: Cosigner,
    *,
    size: int = SIZE,
    text: bytes = TEXT,
    before: str = "",
    line: str = "",
    change: Callable[[list[bytes]], list[bytes]] = lambda path: path,
    code: str | None = None,
) -> Row:
    checkpoint = Checkpoint(ORIGIN, size, root(size, read))
    return {
        "label": label,
        "statement": text.decode(),
        "vkey": by.key.text,
        "note": f"{format_subtree(subtree)}\n{before}{line or by.line(subtree)}",
        "origin": checkpoint.origin,
        "size": checkpoint.size,
        "root": b64(checkpoint.root),
        "path": [b64(each) for each in change(proof(subtree, size))],
        "code": code,
    }


if __name__ == "__main__":
    FILE.write_text(content(FILE.read_text("ascii") if FILE.exists() else ""), "utf-8")
