"""What the maker of a bundle says of it is compared with its content, and what rests on its word alone is listed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.bundle.archive import unpack
from ledger.bundle.layout import Arranged
from ledger.bundle.manifest import Closed, HeadOf, Manifest
from ledger.entries.case import Case, Entry
from ledger.entries.envelope import open_
from ledger.entries.payload import SignedBy
from ledger.entries.placement import registry_of
from ledger.facts import KINDS
from ledger.law.terms.rule import Finding, Level, Mark
from ledger.verify import claims
from ledger.verify.claims import (
    NOT_HELD,
    UNKNOWN,
    case_of,
    check_claims,
    check_policy,
    check_procedure,
    check_readme,
    judged_at,
    remark_rest,
)
from ledger.verify.completeness.left_out import bundle_ends
from ledger.verify.other_records.received_entries import ArrivedEntry
from ledger.verify.progress import VerificationLog
from ledger.verify.report import CommittedHeads
from tests.support.memory_ledger import NOW, ORDER, ORIGIN, small

OTHER = "22222222-2222-4333-8444-555555555555"
REGISTER = registry_of(ORIGIN)
APART = next(fact for fact in KINDS.values() if fact.shown_to)
AT = datetime(2027, 3, 1, tzinfo=UTC)
LEDGER, ILVES = small()

MANIFEST = Manifest(
    log=ORIGIN,
    order=ORDER,
    audience="CT",
    purpose="trial",
    legal_basis=[],
    made_at="2027-05-01T00:00:00Z",
    tool="comity 0",
    rules="ab" * 32,
    test=False,
    heads={ORDER: HeadOf(2, "aa" * 32), REGISTER: HeadOf(3, "bb" * 32)},
    withheld=[],
    withheld_count=0,
    files=[],
    signer=SignedBy(ILVES.key, "ilves", "ISS", "XO"),
)


def said(**more: Any) -> Manifest:
    return replace(MANIFEST, **more)


def entry(index: int, kind: str = "order-transmitted", order: str = ORDER, **more: Any) -> Entry:
    base: dict[str, Any] = {
        "leaf": f"{index:064x}",
        "index": index,
        "order": order,
        "seq": 1,
        "kind": kind,
        "instrument": "2AP-7",
        **dict.fromkeys(("by", "role", "party", "key"), "x"),
        "speaks": "act",
        "on": AT,
        "at": AT,
    }
    return Entry(**{**base, **more})


def by_index(*entries: Entry) -> dict[int, Entry]:
    return {each.index: each for each in entries}


# -- the case ----------------------------------------------------------------------------------------------------------


def case(*entries: Entry, arrivals: Any = ()) -> Case:
    return case_of(by_index(*entries), arrivals, Arranged(), (), MANIFEST)


def test_the_case_has_the_order_and_the_register_in_the_order_of_the_log() -> None:
    entries = [entry(7), entry(1, order=REGISTER), entry(3), entry(9, order=OTHER), entry(2, order=REGISTER)]
    found = case(*entries)
    assert (found.order, found.instrument) == (ORDER, "2AP-7")
    assert [each.index for each in found.entries] == [3, 7]
    assert [each.index for each in found.registry] == [1, 2]
    assert case(entry(3, instrument=None)).instrument == ""


def test_of_a_companion_its_confidential_entries_are_part_of_the_case_if_one_of_them_names_the_order() -> None:
    named = entry(4, APART.kind, OTHER, public={"main_order": ORDER})
    others = (entry(5, APART.kind, OTHER), entry(6, "order-transmitted", OTHER))
    for first, seen in (
        (named, [3, 4, 5]),
        (replace(named, public={"main_order": OTHER}), [3]),
        (replace(named, held=False), [3]),
        (replace(named, kind="order-transmitted"), [3]),
        (replace(named, kind="a-kind-of-the-future"), [3]),
        (replace(named, order=ORDER), [3, 4]),
    ):
        assert [each.index for each in case(entry(3), first, *others).entries] == seen


def test_an_arrived_entry_that_counts_is_part_of_the_case_with_the_values_that_are_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def counted(inner: Any, wrapper: Any, index: int, texts: list[str], *, destroyed: Any, known_to: str) -> Entry:
        return entry(index, by=inner, sealed=dict.fromkeys(texts, 1), origin="ledger.test/y")

    monkeypatch.setattr(claims, "as_counted", counted)
    wrapper: Any = SimpleNamespace(payload=SimpleNamespace(public={"envelope": "cd" * 32}))
    inner: Any = "their signer"
    arrivals = [
        ArrivedEntry(8, wrapper, inner, act=True),
        ArrivedEntry(5, wrapper, inner, proves="ee" * 32),
        ArrivedEntry(6, wrapper, inner, lacks="KEY-UNKNOWN"),
    ]
    parts = Arranged(foreign={f"{'cd' * 32}.txt": b"one\ntwo\n"})
    found = case_of(by_index(entry(5), entry(6), entry(9)), arrivals, parts, (), MANIFEST)
    assert [each.index for each in found.entries] == [5, 6, 8, 9]
    assert found.entries[0].proves == "ee" * 32
    assert found.entries[1].unproven == "KEY-UNKNOWN"
    assert (found.entries[2].by, list(found.entries[2].sealed)) == ("their signer", ["one", "two"])
    bare = case_of(by_index(entry(5)), arrivals[:1], Arranged(), (), MANIFEST)
    assert dict(bare.entries[1].sealed) == {}
    with pytest.raises(AssertionError):
        case_of(by_index(entry(5)), [ArrivedEntry(8, wrapper, act=True)], parts, (), MANIFEST)


# -- the law -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minutes", "test", "as_of_claim"), [(0, False, True), (5, False, True), (6, False, False), (6, True, True)]
)
def test_a_bundle_is_judged_as_of_its_making_or_of_now_if_that_is_still_to_come(
    minutes: int, test: bool, as_of_claim: bool
) -> None:
    made = NOW + timedelta(minutes=minutes)
    manifest = said(made_at=f"{made:%Y-%m-%dT%H:%M:%SZ}", test=test)
    assert judged_at(manifest, NOW) == (made if as_of_claim else NOW)


def judged(*entries: Entry, arrivals: Any = (), findings: tuple[Finding, ...] = ()) -> VerificationLog:
    book = VerificationLog()
    every = by_index(*entries)
    opened: Any = {n: SimpleNamespace(leaf=each.leaf, payload=each.kind) for n, each in every.items()}
    check_procedure(Case(ORDER, "2AP-7", tuple(entries), ()), every, opened, arrivals, AT, book)
    return book


@pytest.fixture
def lawless(monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    """Let the law find what is in this list, and let every payload be the name of its kind."""
    findings: list[Finding] = []
    monkeypatch.setattr(claims, "judge", lambda case, at: SimpleNamespace(findings=tuple(findings)))
    monkeypatch.setattr(claims, "known", lambda kind: KINDS.get(kind))
    return findings


def test_the_findings_of_the_law_are_findings_of_the_report(lawless: list[Finding]) -> None:
    lawless.append(Finding("W-X", Level.W, (), "it is late", ("art. 5",), Mark.TEXT, ("ab" * 32,)))
    book = judged(entry(3))
    assert [(r.code, r.level, r.says, r.cite, r.entries) for r in book.remarks] == [
        ("W-X", "W", "it is late", ("art. 5",), ("ab" * 32,))
    ]
    assert book.detail == "1 finding"
    lawless.clear()
    assert (judged(entry(3)).remarks, judged(entry(3)).detail) == ([], "0 findings")


def test_entries_that_were_signed_after_the_bundle_was_made_are_not_judged(lawless: list[Finding]) -> None:
    later = AT + timedelta(seconds=1)
    book = judged(entry(3), entry(4, at=later), entry(5, at=later), entry(6, at=later, received=AT))
    (remark,) = book.remarks
    assert (remark.code, remark.entries) == ("CMP-MADE-AT", (f"{4:064x}", f"{5:064x}"))
    assert remark.says == "2 entries signed, they say, after the bundle was made: not judged"
    registry = Case(ORDER, "2AP-7", (), (entry(1, at=later),))
    check_procedure(registry, {}, {}, (), AT, book := VerificationLog())
    assert [r.says[:14] for r in book.remarks] == ["1 entry signed"]


def test_unknown_kinds_and_roles_that_were_not_held_are_found_in_all_entries(lawless: list[Finding]) -> None:
    inner: Any = SimpleNamespace(leaf="cd" * 32, payload="unknown-there")
    arrivals = [SimpleNamespace(inner=inner), SimpleNamespace(inner=None)]
    book = judged(entry(3), entry(4, "unknown-here", held=False), arrivals=arrivals)
    assert [(r.code, r.level, r.entries) for r in book.remarks] == [
        (UNKNOWN, "G", (f"{4:064x}", "cd" * 32)),
        (NOT_HELD, "V", (f"{4:064x}",)),
    ]


def test_what_the_law_has_named_already_is_not_found_twice() -> None:
    finding = Finding(UNKNOWN, Level.G, (), "", (), Mark.TEXT, ("a", "b"))
    other = replace(finding, code="G-OTHER", entries=("c",))
    book = VerificationLog()
    remark_rest([finding, other], UNKNOWN, ["a", "b"], book)
    assert book.remarks == []
    remark_rest([finding, other], UNKNOWN, ["a", "c"], book)
    assert [(r.code, r.entries) for r in book.remarks] == [(UNKNOWN, ("c",))]


# -- the maker's claims ------------------------------------------------------------------------------------------------


def times(seen: datetime | None = None, cosigned: datetime | None = None, size: int = 9) -> Any:
    head = SimpleNamespace(note=b"note", checkpoint=SimpleNamespace(size=size))
    digest = sha256(b"note").hexdigest()
    return SimpleNamespace(
        heads=SimpleNamespace(head=head), head_seen=lambda: seen, seen_at=lambda d: cosigned if d == digest else None
    )


def claimed(
    *entries: Entry, manifest: Manifest = MANIFEST, committed: Any = None, lifted: Any = (), **more: Any
) -> VerificationLog:
    book = VerificationLog()
    files = {"policy": LEDGER.policy(), **more.pop("files", {})}
    trust = more.pop("trust", None)
    known = times(**more)
    ends = bundle_ends(manifest, known.heads.head.checkpoint.size, committed)
    check_claims(by_index(*entries), lifted, manifest, known, ends, files, trust, NOW, book)
    return book


def found(book: VerificationLog) -> list[tuple[str, tuple[str, ...]]]:
    return [(remark.code, remark.entries) for remark in book.remarks]


CLOSED = (
    entry(3, sealed={"identifiers": 1, "summary_of_facts": 2}, digests={"identifiers": "d"}),
    entry(4, sealed={"identifiers": 1}),
)
LISTED = [Closed(3, "summary_of_facts", "audience"), Closed(4, "identifiers", "erased")]


@pytest.mark.parametrize(
    ("audience", "count", "listed", "agrees"),
    [
        ("CT", 2, LISTED, True),
        ("CT", 2, LISTED[:1], False),
        ("CT", 2, [], False),
        ("CT", 1, LISTED, False),
        ("CT", 3, LISTED, False),
        ("SP", 2, [], True),
        ("SP", 1, [], False),
    ],
)
def test_the_maker_counts_and_names_the_values_that_are_closed(
    audience: str, count: int, listed: list[Closed], agrees: bool
) -> None:
    manifest = said(audience=audience, withheld=listed, withheld_count=count)
    book = VerificationLog()
    claims._check_withheld(by_index(*CLOSED), manifest, book)
    assert found(book) == ([] if agrees else [("CMP-WITHHELD", (f"{3:064x}", f"{4:064x}"))])
    if count == 1:
        assert book.remarks[0].says == "the maker speaks of 1 closed value, there are 2"


def test_entries_and_values_that_the_audience_may_not_read_are_named() -> None:
    hidden = entry(3, APART.kind)
    opened = entry(4, "order-issued", sealed=dict.fromkeys(("identifiers", "summary_of_facts"), 1))
    opened = replace(opened, digests={"summary_of_facts": "d", "identifiers": "e"})
    book = VerificationLog()
    claims._check_audience((hidden, opened, entry(5)), said(audience="NA"), book)
    assert found(book)[0] == ("CMP-AUDIENCE", (hidden.leaf,))
    assert "NA is not among those to whom entries of this kind are shown" in book.remarks[0].says
    assert found(book)[1:] == [("CMP-AUDIENCE", (opened.leaf,))]
    assert book.remarks[1].says == ("opened for NA, who is not among its readers: identifiers, summary_of_facts")
    book = VerificationLog()
    claims._check_audience((opened, entry(5)), said(audience="CT"), book)
    assert found(book) == []
    assert found(claimed(lifted=[opened], manifest=said(audience="NA"))) == [("CMP-AUDIENCE", (opened.leaf,))]


def test_entries_and_fields_are_named_in_order() -> None:
    book = VerificationLog()
    closed = by_index(entry(40, sealed={"a": 1}), entry(9, sealed={"a": 1}), entry(8, sealed={"a": 1}))
    claims._check_withheld(closed, said(), book)
    assert found(book) == [("CMP-WITHHELD", tuple(f"{n:064x}" for n in (8, 9, 40)))]
    opened = entry(4, sealed=dict.fromkeys("gfedcba", 1), digests=dict.fromkeys("gfedcba", "d"))
    claims._check_audience((opened,), said(audience="NA"), book)
    assert book.remarks[1].says.endswith("who is not among its readers: a, b, c, d, e, f, g")


MADE = datetime(2027, 5, 1, tzinfo=UTC)
SECOND, DAY, DRIFT = timedelta(seconds=1), timedelta(days=1), timedelta(minutes=5)


@pytest.mark.parametrize(
    ("seen", "cosigned", "codes"),
    [
        (None, None, []),
        (MADE - DAY, None, []),
        (MADE - DAY - SECOND, None, ["CMP-OLD-HEAD"]),
        (MADE, MADE + DRIFT, []),
        (MADE, MADE + DRIFT + SECOND, ["CMP-MADE-AT"]),
        (MADE - DAY - SECOND, MADE + DAY, ["CMP-OLD-HEAD"]),
        (MADE + DAY, None, []),
    ],
)
def test_a_bundle_is_made_within_a_day_after_its_head_was_seen(
    seen: datetime | None, cosigned: datetime | None, codes: list[str]
) -> None:
    assert [code for code, _ in found(claimed(seen=seen, cosigned=cosigned))] == codes


def test_a_bundle_of_the_future_is_remarked_unless_its_clock_is_simulated() -> None:
    late = f"{NOW + DRIFT + SECOND:%Y-%m-%dT%H:%M:%SZ}"
    assert [code for code, _ in found(claimed(manifest=said(made_at=late)))] == ["CMP-MADE-AT"]
    assert found(claimed(manifest=said(made_at=late, test=True))) == []
    assert found(claimed(manifest=said(made_at=f"{NOW + DRIFT:%Y-%m-%dT%H:%M:%SZ}"))) == []


def gravest(book: VerificationLog) -> list[str]:
    return [line.partition(":")[0] for line in book.gravest]


def test_what_rests_on_the_word_of_the_maker_is_said() -> None:
    book = claimed()
    assert gravest(book) == ["CMP-NOT-COMMITTED", "CMP-ORDER", "CMP-REGISTER"]
    assert "the next sentences rest on ilves of XO alone" in book.gravest[0]
    assert "no later entry of this order at size 9, and no other entry in the place of one of its 2" in book.gravest[1]
    assert "behind entry 3 of the register" in book.gravest[2]
    assert all("ilves of XO" in line for line in book.gravest)
    assert book.not_proven == [claims.NOT_TRUE]
    two = said(heads={**MANIFEST.heads, "b": HeadOf(5, "cc" * 32), "a": HeadOf(4, "dd" * 32)}, test=True)
    book = claimed(manifest=two)
    assert gravest(book) == ["TEST", "CMP-NOT-COMMITTED", "CMP-ORDER", "CMP-ORDER", "CMP-REGISTER"]
    assert book.gravest[3].endswith("by id and number of entries: a 4, b 5.")


COMMITTED = CommittedHeads(7, 6, AT, {ORDER: 1, REGISTER: 3, "a": 4}, True)


def test_committed_heads_say_how_many_entries_each_order_has() -> None:
    book = claimed(committed=COMMITTED)
    assert gravest(book) == ["CMP-COMMITTED"]
    assert (
        "among the first 6 entries of the log this order has exactly 1 entry, and the register 3: entry 7 of "
        in (book.gravest[0])
    )
    assert "Anyone with all entries can compute this root again." in book.gravest[0]
    book = claimed(committed=replace(COMMITTED, whole=False, auditors=("karsk", "lorn")))
    assert gravest(book) == ["CMP-AUDITED", "CMP-COMMITTED", "CMP-ORDER", "CMP-REGISTER"]
    assert "of your auditors karsk, lorn computed this root from the entries." in book.gravest[0]
    assert book.gravest[1].endswith("the next sentences are about what came behind the first 6 entries of the log.")
    more = said(heads={**MANIFEST.heads, "a": HeadOf(4, "dd" * 32)})
    committed = replace(COMMITTED, counts={ORDER: 2, REGISTER: 3, "a": 4})
    assert (
        "exactly 2 entries, and the register 3, a 4: entry 7" in claimed(committed=committed, manifest=more).gravest[0]
    )


@pytest.mark.parametrize(
    ("path", "says"), [("views/a.csv", True), ("views/findings.json", False), ("documents/a", False)]
)
def test_views_were_not_compared(path: str, says: bool) -> None:
    lines = claimed(files={path: b""}).not_proven
    assert any(line.startswith("That the files in views/") for line in lines) is says


def test_sealed_values_that_stay_closed_are_counted() -> None:
    for count, words in ((1, "1 sealed value not"), (2, "2 sealed values not")):
        lines = claimed(manifest=said(withheld_count=count)).not_proven
        assert [line.startswith(f"What stands in {words} opened here") for line in lines] == [True, False]


# -- the policy --------------------------------------------------------------------------------------------------------

MINE = LEDGER.trust()
THEIRS = MINE.raw + b"# newer\n"


def adopted(*texts: bytes) -> dict[int, Any]:
    return {n: {"policy_text": {"sha256": sha256(text).hexdigest()}} for n, text in enumerate(texts)}


@pytest.mark.parametrize("copy", [MINE.raw, THEIRS, b"# of another log\n", None], ids=["old", "new", "foreign", "none"])
@pytest.mark.parametrize(
    ("changes", "newer"),
    [
        ({}, False),
        (adopted(MINE.raw), False),
        (adopted(THEIRS), True),
        (adopted(MINE.raw, THEIRS), True),
        (adopted(THEIRS, MINE.raw), False),
        (dict(reversed(adopted(MINE.raw, THEIRS).items())), True),
        (adopted(THEIRS, MINE.raw, THEIRS), True),
        (adopted(MINE.raw, b"a third", MINE.raw), False),
        (adopted(MINE.raw, THEIRS, b"a third"), True),
    ],
)
def test_a_policy_that_the_log_adopted_after_yours_leaves_the_verdict_open_whatever_is_enclosed(
    changes: dict[int, Any], newer: bool, copy: bytes | None
) -> None:
    book = VerificationLog()
    check_policy(changes, MINE, copy, book)
    index = len(changes) - 1
    says = f"the log adopted another policy (entry {index}) than yours: get it"
    assert [(d.code, d.says, d.where) for d in book.doubts] == ([("POL-NEWER", says, "policy")] if newer else [])
    differs = not newer and copy not in (None, MINE.raw)
    assert [line[:34] for line in book.not_proven] == (["Why the policy in the bundle differ"[:34]] if differs else [])


def test_without_trust_no_policy_is_compared() -> None:
    book = VerificationLog()
    check_policy(adopted(THEIRS), None, THEIRS, book)
    assert (book.doubts, book.not_proven) == ([], [])


def test_the_changes_of_the_policy_are_those_that_the_entries_record() -> None:
    change = entry(3, "witness-changed", public={"policy_text": {"sha256": sha256(THEIRS).hexdigest()}})
    for changed, codes in ((change, ["POL-NEWER"]), (replace(change, kind="order-transmitted"), [])):
        assert [d.code for d in claimed(changed, trust=MINE, files={"policy": THEIRS}).doubts] == codes


# -- the page for people -----------------------------------------------------------------------------------------------


def test_a_page_for_people_is_the_one_that_this_program_writes_with_or_without_tokens() -> None:
    from ledger.bundle.manifest import open_manifest

    for tokens in ({}, {"checkpoint.1.tsr": b"x"}):
        files = unpack(LEDGER.bundle(ILVES, tokens=tokens))
        manifest = open_manifest(files["manifest.dsse.json"])
        opened = {n: open_(raw) for n, raw, _ in LEDGER.contents().entries}
        parts = Arranged(checkpoint=files[f"{LEDGER.folder}/checkpoint"])
        page = files["READ-ME-FIRST.html"]
        for here, codes in ((page, []), (page + b" ", ["CMP-README"])):
            book = VerificationLog()
            check_readme(manifest, dict(reversed(opened.items())), parts, {**files, "READ-ME-FIRST.html": here}, book)
            assert [remark.code for remark in book.remarks] == codes
