"""A wrong map of heads convicts its log before every holder of the log's key; a right one convicts no log."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ledger.entries.exhibits import check_exhibit, claimed_logs, form_of
from ledger.entries.wrong_map import LARGEST, check_wrong_map, prove_wrong_map
from ledger.errors import RecordError
from ledger.tlog.note import Vkey
from ledger.tlog.tree import prove_consistency
from ledger.verify.exhibits import verify_exhibit
from ledger.verify.report import Verdict
from tests.support.memory_ledger import ORDER, Hand, Ledger, resealed, small


def committing() -> tuple[Ledger, Hand, Hand]:
    ledger, ilves = small()
    return ledger, ilves, ledger.enrol("node", "XO", "SYS")


def key(ledger: Ledger) -> Vkey:
    return ledger.trust().policy.logs[0]


def exhibit(ledger: Ledger, at: int, size: int, entries: list[bytes] | None = None) -> bytes:
    path = prove_consistency(size, ledger.size, ledger.read) if 0 < size < ledger.size else []
    covered = ledger.entries[:size] if entries is None else entries
    return prove_wrong_map(key(ledger), ledger.entries[at], ledger.proof(at), path, covered)


def wrong_root() -> tuple[Ledger, bytes]:
    """Return a ledger that hides its entry 4 in the map that it commits to, and the exhibit of that."""
    ledger, ilves, node = committing()
    ledger.record(ilves, "order-transmitted", {"addressee": "skylark", "channel": "mail"}, order=ORDER)
    hiding = ledger.map_at(4).tree.root()
    at = ledger.commit(node, 5, hiding)
    ledger.record(ilves, "order-transmitted", {"addressee": "skylark", "channel": "mail"}, order=ORDER)
    return ledger, exhibit(ledger, at, 5)


WRONG_ROOT = wrong_root()


def refused(made: bytes, log: Vkey) -> str:
    with pytest.raises(RecordError) as error:
        check_wrong_map(made, log)
    return error.value.code


def test_a_wrong_root_convicts_its_log_before_whoever_holds_its_key() -> None:
    ledger, made = wrong_root()
    report = verify_exhibit(made, ledger.trust())
    assert report.verdict is Verdict.FAILED
    assert [(r.code, r.where) for r in report.reasons] == [("MAP-ROOT", ledger.origin)]
    assert report.reasons[0].says == json.loads(made)["says"]
    assert "commits in entry 9 another root than its first 5 entries have" in report.reasons[0].says
    assert "Whether the key that signed the entry was the ledger's own" in report.not_proven[0]
    assert verify_exhibit(made, None).verdict is Verdict.INDETERMINATE
    assert (form_of(made), claimed_logs(made)) == ("comity.map-root/1", (key(ledger).text,))


def test_an_entry_that_commits_what_comes_behind_it_convicts_its_log_alone() -> None:
    ledger, _, node = committing()
    at = ledger.commit(node, ledger.size + 1, bytes(32))
    report = verify_exhibit(exhibit(ledger, at, 0), ledger.trust())
    assert [(r.code, report.verdict) for r in report.reasons] == [("MAP-SIZE", Verdict.FAILED)]
    assert report.reasons[0].says == f"{ledger.origin} commits in entry {at} the heads of {at + 1} entries before it"


@pytest.mark.parametrize("size", [0, 1, 4, 5, 8])
def test_a_right_root_convicts_nobody(size: int) -> None:
    ledger, ilves, node = committing()
    at = ledger.commit(node, size)
    ledger.record(ilves, "order-transmitted", {"addressee": "skylark", "channel": "mail"}, order=ORDER)
    with pytest.raises(RecordError, match="commits to the root that its entries have"):
        exhibit(ledger, at, size)


def test_a_wrong_root_over_no_entries_convicts() -> None:
    ledger, _, node = committing()
    assert check_exhibit(exhibit(ledger, ledger.commit(node, 0, bytes(32)), 0), [key(ledger)]).code == "MAP-ROOT"


def changed(made: bytes, **members: Any) -> bytes:
    return json.dumps({**json.loads(made), **members}).encode()


def test_entries_that_are_not_those_of_the_log_prove_nothing() -> None:
    ledger, made = wrong_root()
    lines = json.loads(made)["entries"]
    log = key(ledger)
    assert refused(changed(made, entries=lines[:-1]), log) == "SPLIT-UNPROVEN"
    assert refused(changed(made, entries=[*lines[:-1], lines[0]]), log) == "CP-CONSISTENCY"
    assert refused(changed(made, entries=lines[::-1]), log) == "CP-CONSISTENCY"
    assert refused(changed(made, path=[]), log) == "CP-CONSISTENCY"
    assert refused(changed(made, entry=lines[0]), log) == "PRF-PATH"


def test_an_entry_that_commits_another_log_convicts_no_log_that_holds_it() -> None:
    ledger, _, _ = committing()
    other, _ = small(origin="ledger.test/elsewhere")
    at = other.commit(other.enrol("node", "XO", "SYS"), 0, bytes(32))
    with pytest.raises(RecordError, match="commits this log to nothing"):
        exhibit(ledger, ledger.append(other.entries[at]), 0)


def test_a_line_that_is_no_entry_has_no_head_and_convicts_no_log() -> None:
    ledger, _, node = committing()
    before = ledger.map_at(ledger.size).tree.root()
    ledger.append(b"no entry")
    with pytest.raises(RecordError, match="commits to the root that its entries have"):
        exhibit(ledger, ledger.commit(node, ledger.size, before), ledger.size - 1)


def test_an_entry_with_a_false_signature_has_its_head_as_every_other() -> None:
    ledger, _, node = committing()
    document = json.loads(ledger.entries[4])
    document["signatures"][0]["sig"] = "A" * 86 + "=="
    ledger.append(json.dumps(document, separators=(",", ":")).encode())
    with pytest.raises(RecordError, match="commits to the root that its entries have"):
        exhibit(ledger, ledger.commit(node), ledger.size - 1)


def test_an_entry_that_commits_to_nothing_proves_nothing() -> None:
    ledger, _ = small()
    made = changed(wrong_root()[1], entry=ledger.entries[3].decode(), proof=ledger.proof(3).decode())
    assert refused(made, key(ledger)) == "SPLIT-UNPROVEN"


@pytest.mark.parametrize(
    "members",
    [
        {"entries": None},
        {"entries": {}},
        {"entries": [1]},
        {"entry": 7},
        {"path": ["!"]},
        {"path": {}},
        {"format": "x"},
    ],
)
def test_another_file_is_no_exhibit(members: dict[str, Any]) -> None:
    ledger, made = WRONG_ROOT
    assert refused(changed(made, **members), key(ledger)) == "SPLIT-FORMAT"


@pytest.mark.parametrize("name", ["format", "entry", "proof", "path", "entries"])
def test_an_exhibit_without_one_of_its_members_is_none(name: str) -> None:
    ledger, made = WRONG_ROOT
    less = json.dumps({each: value for each, value in json.loads(made).items() if each != name})
    assert refused(less.encode(), key(ledger)) == "SPLIT-FORMAT"


def test_an_exhibit_has_an_end() -> None:
    ledger, made = wrong_root()
    largest = made.rstrip() + b" " * (LARGEST - len(made.rstrip()))
    assert len(largest) == 16 << 20
    assert check_wrong_map(largest, key(ledger)).code == "MAP-ROOT"
    assert refused(largest + b" ", key(ledger)) == "SPLIT-FORMAT"
    assert claimed_logs(largest + b" ") == ()


def made() -> list[bytes]:
    """Return exhibits that convict, and some that prove nothing."""
    ledger, convicts = wrong_root()
    lines = json.loads(convicts)["entries"]
    nothing = [
        changed(convicts, entries=lines[:-1]),
        changed(convicts, entries=lines[::-1]),
        changed(convicts, path=[]),
        changed(convicts, entry=lines[0]),
        changed(convicts, entries=None),
        changed(convicts, log=None),
        changed(convicts, entry=ledger.entries[3].decode(), proof=ledger.proof(3).decode()),
    ]
    other, _, node = committing()
    ahead = exhibit(other, other.commit(node, other.size + 1, bytes(32)), 0)
    empty = exhibit(other, other.commit(node, 0, bytes(32)), 0)
    at = other.commit(node, 5, bytes(32))
    honest = changed(exhibit(other, at, 5), entry=other.entries[other.commit(node, 5)].decode())
    truth = resealed(other.entries[at], lambda said: said["public"].update(size=True), node)
    other.append(truth)
    number = changed(convicts, entry=truth.decode(), proof=other.proof(other.size - 1).decode(), entries=lines[:1])
    nothing += [number, changed(ahead, path="", entries={}), changed(ahead, entries="")]
    nothing += [
        convicts.replace(b'"says": "', b'"says": "\\ud800', 1),
        convicts.replace(b'"log"', b'"\\udfff": 1, "log"', 1),
    ]
    return [convicts, ahead, empty, honest, *nothing]


MADE = made()


def test_what_convicts_nobody_convicts_nobody() -> None:
    ledger, _ = wrong_root()
    verdicts = [verify_exhibit(each, ledger.trust()).verdict for each in MADE]
    assert verdicts == [Verdict.FAILED] * 3 + [Verdict.INDETERMINATE] * (len(MADE) - 3)
