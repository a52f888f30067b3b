"""Proofs of subtrees and statements of auditors in the page: the answers are those of the program."""

from __future__ import annotations

import json
import random
from base64 import b64decode
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ledger.adapters.keys.mldsa import verify
from ledger.errors import RecordError
from ledger.tlog.audit_statement import AuditedSubtree, auditor_of, check_audited, covered
from ledger.tlog.note import Checkpoint, parse_vkey
from ledger.tlog.subtree import check_subtree_consistency, check_subtree_inclusion
from tests.browser.support.node import Asked, Refusal
from tests.fuzz.inputs import changed
from tests.generate.audit_vectors import FILE

pytestmark = pytest.mark.browser

PROOFS = Path(__file__).parents[3] / "fixtures" / "vectors" / "merkle-subtrees"


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def outcome(ask: Callable[[], Any]) -> str:
    """Return "held", or the code of a refusal."""
    try:
        ask()
    except (RecordError, Refusal) as refused:
        return refused.code
    return "held"


def hashes(case: Mapping[str, Any], *names: str) -> list[bytes]:
    return [b64decode(case[name]) for name in names]


def path_of(case: Mapping[str, Any], name: str = "proof") -> list[bytes]:
    return [b64decode(each) for each in case[name] or ()]


def test_published_inclusions_in_subtrees_are_judged_alike(reader: Asked) -> None:
    said = set()
    for case in lines(PROOFS / "inclusion.jsonl"):
        leaf, root = hashes(case, "leafHash", "root")
        at = {"index": case["leafIdx"], "start": case["start"], "end": case["end"]}
        more: dict[str, Any] = {"leaf": leaf, "path": path_of(case)}
        answer = outcome(partial(reader.ask, "subtreeInclusion", **at, **more, root=root))
        assert answer == outcome(partial(check_subtree_inclusion, **at, **more, subtree=root)), case["name"]
        said.add(answer)
    assert said == {"held", "PRF-INDEX", "PRF-PATH", "SUB-FORMAT"}


def test_published_consistencies_of_subtrees_are_judged_alike(reader: Asked) -> None:
    said = set()
    for case in lines(PROOFS / "consistency.jsonl"):
        subtree, root = hashes(case, "root1", "root2")
        at = {name: case[name] for name in ("start", "end", "size")}
        more: dict[str, Any] = {"subtree": subtree, "root": root, "path": path_of(case)}
        answer = outcome(partial(reader.ask, "subtreeConsistency", **at, **more))
        assert answer == outcome(partial(check_subtree_consistency, **at, **more)), case["name"]
        said.add(answer)
    assert said == {"held", "SUB-FORMAT", "SUB-PATH"}


@pytest.mark.parametrize(("start", "end", "size"), [(0, 4, 3), (0, 8, 5), (0, 2, 1), (2, 4, 3), (4, 8, 6), (0, 1, 0)])
def test_no_range_that_ends_behind_a_tree_is_a_part_of_it_not_even_with_its_root(
    start: int, end: int, size: int, reader: Asked
) -> None:
    one, other = bytes(32), bytes([1]) * 32
    for path in ([], [other], [other, one]):
        at: dict[str, Any] = {"start": start, "end": end, "size": size, "subtree": one, "root": one, "path": path}
        asked = (partial(reader.ask, "subtreeConsistency", **at), partial(check_subtree_consistency, **at))
        assert [outcome(each) for each in asked] == ["SUB-PATH", "SUB-PATH"]


def audit_cases() -> list[dict[str, Any]]:
    return [{**case, "note": case["note"].encode(), "statement": case["statement"].encode()} for case in lines(FILE)]


def program(case: Mapping[str, Any]) -> AuditedSubtree:
    tree = Checkpoint(case["origin"], case["size"], b64decode(case["root"]))
    key = parse_vkey(case["vkey"])
    return check_audited(case["note"], case["statement"], key, tree, path_of(case, "path"), mldsa=verify)


def page(reader: Asked, *cases: Mapping[str, Any]) -> Any:
    return reader.ask("audited", cases=list(cases), by=cases[0]["vkey"], size=cases[0]["size"])


def test_published_statements_of_auditors_get_their_published_answers(reader: Asked) -> None:
    for case in audit_cases():
        assert outcome(partial(page, reader, case)) == (case["code"] or "held"), case["label"]


def test_statements_of_auditors_say_the_same_and_add_up_alike(reader: Asked) -> None:
    held = [case for case in audit_cases() if not case["code"]]
    ranges = set()
    for some in (held[:2], held[1:3], held[1:4:2], held[5:], held[7:8], held):
        found = [program(case) for case in some]
        said = page(reader, *some)
        texts = [[s.checks, s.program, s.rules] for s in (each.statement for each in found)]
        names = [auditor_of(each.key, case["statement"]) for case, each in zip(some, found, strict=True)]
        assert said["checked"] == [[name, list(text[0]), *text[1:]] for name, text in zip(names, texts, strict=True)]
        wanted = covered(found, found[0].key, found[0].checkpoint)
        assert said["covered"] == [list(pair) for pair in wanted]
        ranges.add(wanted)
    assert ranges == {((0, 24),), ((16, 32),), ((16, 24), (32, 40)), ((8, 13), (39, 40)), ((8, 13),), ((0, 40),)}


def test_changed_notes_and_statements_of_auditors_are_judged_alike(reader: Asked) -> None:
    chance, cases = random.Random(4), audit_cases()
    said = set()
    for _ in range(150):
        case = dict(chance.choice(cases))
        name = chance.choice(("note", "note", "statement"))
        case[name] = changed(case[name], "lines", chance)
        answer = outcome(partial(page, reader, case))
        assert answer == outcome(partial(program, case)), case
        said.add(answer)
    assert said >= {"AUD-FORMAT", "AUD-KEY", "CP-FORMAT", "CP-SIG", "SUB-FORMAT"}
