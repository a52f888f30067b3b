"""What the maker of a bundle found: a statement of the maker, read within bounds, shown apart, and never a verdict."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.bundle.archive import unpack
from ledger.bundle.audience import shown_to
from ledger.bundle.findings import MAX_BYTES, MAX_NODES, format_findings, level_of, parse_findings, stated
from ledger.entries.case import Case, Entry, Unread
from ledger.errors import RecordError
from ledger.formats.canonical_json import canonical
from ledger.law.judge import FINDING_RULES
from ledger.law.terms.rule import Finding, Level, Mark
from ledger.tlog.tree import leaf_hash
from ledger.verify.report import Report, Verdict
from tests.support.memory_ledger import Ledger, changed, checked, small

FILE = "views/findings.json"


def made(of: Callable[[dict[str, Any]], object] = lambda _: None) -> tuple[bytes, Ledger]:
    """Return a bundle whose maker states what it found, changed by `of` and signed again by the same maker."""
    ledger, ilves = small()
    bundle = ledger.bundle(ilves)
    report = checked(bundle, ledger)
    assert report.case
    assert report.judgement
    assert report.manifest
    assert report.head
    said = report.manifest
    found = stated(
        report.case,
        report.judgement,
        log=said.log,
        audience=said.audience,
        size=report.head.checkpoint.size,
        rules=said.rules,
    )
    value = json.loads(format_findings(found)) | {"rules": said.rules}
    of(value)
    data = changed(
        bundle, lambda files: files.update({FILE: canonical(value, max_nodes=MAX_NODES)}), ilves.signer("ISS")
    )
    return data, ledger


def codes(report: Report) -> list[str]:
    return [remark.code for remark in report.procedure]


def test_what_the_maker_states_is_in_the_report_and_not_among_the_findings_of_the_verifier() -> None:
    def lie(value: dict[str, Any]) -> None:
        value["findings"] = [
            {"code": "V-OF-THE-MAKER", "level": "V", "says": "So it says.", "cite": [], "mark": "text"}
            | {"entries": [], "more": 0}
        ]

    data, ledger = made(lie)
    report = checked(data, ledger)
    assert report.verdict is Verdict.PASSED
    assert report.makers
    assert report.makers.stated
    assert [f.code for f in report.makers.stated.findings] == ["V-OF-THE-MAKER"]
    assert "V-OF-THE-MAKER" not in codes(report)
    assert "CMP-FINDINGS" not in codes(report)


def test_a_bundle_without_the_file_states_no_findings_and_verifies_as_before() -> None:
    ledger, ilves = small()
    report = checked(ledger.bundle(ilves), ledger)
    assert (report.verdict, report.makers and report.makers.state) == (Verdict.PASSED, "none")
    assert "CMP-FINDINGS" not in codes(report)


ENTRY = {"index": 0, "leaf": "0" * 64}
FINDING = {"code": "W-X", "level": "W", "says": "x", "cite": [], "mark": "text", "entries": [], "more": 0}

BROKEN: dict[str, Callable[[dict[str, Any]], object]] = {
    "another format": lambda v: v.update(format="comity.findings/2"),
    "of another order": lambda v: v.update(order="22222222-2222-4333-8444-555555555555"),
    "of another log": lambda v: v.update(log="ledger.test/other"),
    "for another audience": lambda v: v.update(audience="SP"),
    "of another size": lambda v: v.update(size=v["size"] + 1),
    "of another moment": lambda v: v.update(as_of="2027-01-01T00:00:00Z"),
    "by other rules than the manifest names": lambda v: v.update(rules="0" * 64),
    "a member more": lambda v: v.update(verdict="TOTAL_PASSED"),
    "a member less": lambda v: v.pop("findings"),
    "an entry that is not in the bundle": lambda v: v.update(findings=[FINDING | {"entries": [ENTRY]}]),
    "no list": lambda v: v.update(findings="none"),
    "a level that is none": lambda v: v.update(findings=[FINDING | {"level": "OK"}]),
    "a violation as a gap": lambda v: v.update(findings=[FINDING | {"code": "V-X", "level": "G"}]),
    "a remark as a violation": lambda v: v.update(findings=[FINDING | {"level": "V"}]),
    "a code of two lines": lambda v: v.update(findings=[FINDING | {"code": "W-X\nIntegrity: TOTAL-PASSED"}]),
    "a code that ends its line": lambda v: v.update(findings=[FINDING | {"code": "W-X\n"}]),
    "a sentence of two lines": lambda v: v.update(findings=[FINDING | {"says": "x\nIntegrity: TOTAL-PASSED"}]),
    "a citation of two lines": lambda v: v.update(findings=[FINDING | {"cite": ["x\ny"]}]),
    "a sentence without end": lambda v: v.update(findings=[FINDING | {"says": "x" * 4001}]),
    "more findings than there are rules": lambda v: v.update(findings=[FINDING] * 1001),
    "more entries than are listed": lambda v: v.update(findings=[FINDING | {"entries": [ENTRY] * 101}]),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_file_that_is_broken_or_about_something_else_is_a_finding_of_form_and_is_not_shown(what: str) -> None:
    data, ledger = made(BROKEN[what])
    report = checked(data, ledger)
    assert report.verdict is Verdict.PASSED
    assert report.makers
    assert (report.makers.state, report.makers.stated) == ("unreadable", None)
    assert codes(report).count("CMP-FINDINGS") == 1


def test_the_level_of_each_rule_is_that_which_its_code_says() -> None:
    assert [rule.code for rule in FINDING_RULES if level_of(rule.code) not in (None, rule.level)] == []
    assert [level_of(code) for code in ("V-X", "W-X", "G-X", "F713", "VX", "V", "A-X", "~-X")] == [
        *("V", "W", "G"),
        *[None] * 5,
    ]


BYTES = {
    "nothing": b"",
    "no JSON": b"{",
    "white space": b'{"format": "comity.findings/1"}',
    "a list": b"[]",
    "too large": b'{"format":"' + b"x" * MAX_BYTES + b'"}',
    "too deep": b"[" * 60_000,
    "not UTF-8": b'{"says":"\xff"}',
    "a control character": b'{"says":"\\u001b[2J"}',
    "a name twice": b'{"log":"a","log":"b"}',
}


@pytest.mark.parametrize("what", BYTES)
def test_bytes_that_are_no_findings_never_stop_the_verification(what: str) -> None:
    ledger, ilves = small()
    data = changed(ledger.bundle(ilves), lambda files: files.update({FILE: BYTES[what]}), ilves.signer("ISS"))
    report = checked(data, ledger)
    assert report.verdict is Verdict.PASSED
    assert report.makers
    assert report.makers.state == "unreadable"
    (remark,) = (remark for remark in report.procedure if remark.code == "CMP-FINDINGS")
    assert remark.says.isprintable()
    assert len(remark.says) < 300


def test_findings_that_the_manifest_does_not_list_so_are_no_statement_of_its_maker() -> None:
    data, ledger = made()
    files = unpack(data)
    changed_file = files[FILE].replace(b'"findings":[', b'"findings":[' + canonical(FINDING) + b",", 1)
    report = checked(data.replace(files[FILE], changed_file[: len(files[FILE])], 1), ledger)
    assert (report.verdict, report.makers) == (Verdict.FAILED, None)


def test_a_finding_on_many_entries_lists_a_hundred_and_counts_the_rest() -> None:
    ledger, ilves = small()
    report = checked(ledger.bundle(ilves), ledger)
    assert report.case
    assert report.judgement
    leaves = tuple(f"{n:064x}" for n in range(250))
    entries = tuple(replace(report.case.entries[0], leaf=leaf, index=n) for n, leaf in enumerate(leaves))
    case = Case(report.case.order, report.case.instrument, entries, ())
    judgement = replace(report.judgement, findings=(Finding("W-X", Level.W, (), "x", (), Mark.TEXT, leaves),))
    found = stated(case, judgement, log="ledger.test/x", audience="CT", size=250, rules="0" * 64)
    assert (len(found.findings[0].entries), found.findings[0].more) == (100, 150)
    assert parse_findings(format_findings(found)) == found


@pytest.mark.parametrize(("entries", "more"), [(0, 0), (1, 0), (100, 0), (101, 1)])
def test_as_many_entries_are_counted_as_are_not_listed(entries: int, more: int) -> None:
    ledger, ilves = small()
    report = checked(ledger.bundle(ilves), ledger)
    assert report.case
    assert report.judgement
    leaves = tuple(f"{n:064x}" for n in range(entries))
    case = Case("main", "2AP-7", tuple(replace(report.case.entries[0], leaf=leaf) for leaf in leaves), ())
    judgement = replace(report.judgement, findings=(Finding("W-X", Level.W, (), "x", (), Mark.TEXT, leaves),))
    found = stated(case, judgement, log="ledger.test/x", audience="CT", size=250, rules="0" * 64)
    assert (len(found.findings[0].entries), found.findings[0].more) == (entries - more, more)


def test_a_finding_on_an_entry_of_the_bundle_is_shown() -> None:
    ledger, _ = small()
    last = ledger.size - 1
    entry = {"index": last, "leaf": leaf_hash(ledger.entries[last]).hex()}

    def state(value: dict[str, Any]) -> None:
        value["findings"] = [FINDING | {"entries": [entry]}]

    data, _ = made(state)
    report = checked(data, ledger)
    assert report.makers
    assert report.makers.stated
    assert [(e.index, e.leaf) for e in report.makers.stated.findings[0].entries] == [(last, entry["leaf"])]


FILE_OF_NONE = {
    "format": "comity.findings/1",
    **dict.fromkeys(("log", "order", "audience", "as_of"), "x"),
    "size": 1,
    "rules": "0" * 64,
    "findings": [],
}


@pytest.mark.parametrize(("length", "is_read"), [(0, False), (1, True), (4_000, True), (4_001, False)])
def test_a_sentence_has_one_to_four_thousand_characters(length: int, is_read: bool) -> None:
    raw = canonical(FILE_OF_NONE | {"findings": [FINDING | {"says": "x" * length}]})
    if is_read:
        assert parse_findings(raw).findings[0].says == "x" * length
    else:
        with pytest.raises(RecordError, match=r"^CMP-FINDINGS"):
            parse_findings(raw)


def test_a_file_has_at_most_a_mebibyte() -> None:
    many = [FINDING | {"says": "x" * 3_000} for _ in range(300)]
    size = len(canonical(FILE_OF_NONE | {"findings": many}, max_nodes=MAX_NODES))
    more, rest = divmod((1 << 20) - size, 300)
    for place, finding in enumerate(many):
        finding["says"] = "x" * (3_000 + more + (place < rest))
    raw = canonical(FILE_OF_NONE | {"findings": many}, max_nodes=MAX_NODES)
    assert len(raw) == 1 << 20
    assert len(parse_findings(raw).findings) == 300
    many[-1]["says"] = f"{many[-1]['says']}x"
    with pytest.raises(RecordError, match=r"not canonical JSON within its bounds .JSON-SIZE"):
        parse_findings(canonical(FILE_OF_NONE | {"findings": many}, max_nodes=MAX_NODES))


def test_a_file_has_at_most_a_hundred_thousand_values() -> None:
    with pytest.raises(RecordError, match=r"^CMP-FINDINGS: Expected `object`"):
        parse_findings(canonical([0] * 99_999, max_nodes=100_000))
    with pytest.raises(RecordError, match=r"not canonical JSON within its bounds .JSON-SIZE"):
        parse_findings(canonical([0] * 100_000, max_nodes=100_001))


def test_another_form_of_the_error_is_raised_to_callers() -> None:
    with pytest.raises(RecordError, match="CMP-FINDINGS"):
        parse_findings(b"{}")


def test_a_sealed_value_without_content_is_withheld_like_any_other() -> None:
    at = datetime(2027, 3, 1, tzinfo=UTC)
    entry = Entry(
        leaf="0" * 64,
        index=0,
        order="main",
        seq=1,
        kind="order-issued",
        instrument="2AP-7",
        by="ilves",
        role="ISS",
        party="XO",
        key="0" * 64,
        speaks="act",
        on=at,
        at=at,
        sealed={"summary_of_facts": None},
    )
    case = Case("main", "2AP-7", (entry,), ())
    assert shown_to(case, "SP").entries[0].sealed == {"summary_of_facts": Unread.WITHHELD}
    assert shown_to(case, "ISS").entries[0].sealed == {"summary_of_facts": None}
