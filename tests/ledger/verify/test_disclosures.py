"""Values, files and other logs: a misplaced one ends the check, and so does a false statement about a file."""

from __future__ import annotations

import base64
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ledger.bundle.archive import pack, unpack
from ledger.bundle.audience import Withheld
from ledger.bundle.layout import Arranged
from ledger.entries.case import Unread
from ledger.entries.payload import Other
from ledger.errors import RecordError
from ledger.formats.selective_disclosure import digest_of, veil
from ledger.tlog.tree import format_proof, prove_inclusion
from ledger.verify import disclosures
from ledger.verify.disclosures import note_arrived_copies, opener
from ledger.verify.progress import VerificationLog
from ledger.verify.report import Verdict
from tests.support.memory_ledger import FAILED, ORDER, Hand, Ledger, changed, checked, ends, hand, resealed, small
from tests.support.samples import examples

Files = dict[str, bytes]


def put(path: str, content: bytes, files: Files) -> None:
    files[path] = content


# -- 13, 14, 16: values, files, other logs -----------------------------------------------------------------------------


def disclosed(make: Callable[[Ledger, list[str]], list[str]], code: str, index: int = 4) -> None:
    ledger, ilves = small()
    path = f"{ledger.folder}/disclosures/{index}.txt"

    def open_more(files: Files) -> None:
        texts = files.get(path, b"").decode().splitlines()
        files[path] = "".join(f"{text}\n" for text in make(ledger, texts)).encode()

    ends(changed(ledger.bundle(ilves), open_more, ilves.signer("ISS")), ledger, code, 13, f"disclosures/{index}.txt")


def reencoded(text: str) -> str:
    plain = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).replace(b",", b", ", 1)
    return base64.urlsafe_b64encode(plain).rstrip(b"=").decode()


def test_a_value_is_opened_where_it_was_sealed_once_and_as_it_was() -> None:
    strange = veil("identifiers", ["other"], bytes(16)).text
    disclosed(lambda ledger, texts: [*texts, strange], "SD-UNKNOWN")
    disclosed(lambda ledger, texts: [*texts, texts[0]], "SD-DUP")
    disclosed(lambda ledger, texts: [texts[0] + "=", *texts[1:]], "SD-UNKNOWN")
    disclosed(lambda ledger, texts: [reencoded(texts[0]), *texts[1:]], "SD-UNKNOWN")
    disclosed(lambda ledger, texts: [t.upper() for t in texts], "SD-UNKNOWN")
    disclosed(lambda ledger, texts: [], "SD-FORMAT")
    disclosed(lambda ledger, texts: ["é"], "SD-UNKNOWN")
    disclosed(lambda ledger, texts: [d.text for d in ledger.held[4]], "SD-UNKNOWN", index=3)
    disclosed(lambda ledger, texts: [d.text for d in ledger.held[4]], "SD-UNKNOWN", index=9)


def test_a_commitment_to_what_cannot_be_disclosed_is_refused_when_it_is_opened() -> None:
    def plain(text: str) -> str:
        return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()

    salt = "AAAAAAAAAAAAAAAAAAAAAA"
    cases = {
        plain(f'["{salt}","_sd","x"]'): "SD-NAME",
        plain(f'["{salt}","public_field","x"]'): "SD-NAME",
        plain(f'["{salt}","case_ref","x"]'): "SD-DUP",
        plain(f'["{salt}","x"]'): "SD-FORMAT",
        plain(f'["{salt}","identifiers","x","y"]'): "SD-FORMAT",
        plain('[7,"identifiers",["x"]]'): "SD-FORMAT",
        plain(f'["{salt}","identifiers",1.5]'): "JSON-NUMBER",
    }
    for text, code in cases.items():
        ledger, ilves = small()

        def commit(payload: dict[str, Any], text: str = text, held: Any = ledger.held[4]) -> None:
            gone = next(d.digest for d in held if d.name == "identifiers")
            digests = [d for d in payload["public"]["_sd"] if d != gone]
            payload["public"]["_sd"] = sorted([*digests, digest_of(text)])
            payload.update(seq=3, prev=ledger.leaf(4), entry="ab" * 16)  # noqa: B023

        ledger.append(resealed(ledger.entries[4], commit, ilves))
        path = f"{ledger.folder}/disclosures/5.txt"
        data = changed(
            ledger.bundle(ilves),
            partial(put, path, f"{text}\n".encode()),
            ilves.signer("ISS"),
        )
        ends(data, ledger, code, 13, "disclosures/5.txt")


@pytest.mark.parametrize("value", [7, "x", {"x": []}, [[]], [7], True])
def test_an_opened_value_without_its_form_is_a_finding_and_counts_as_not_opened(value: Any) -> None:
    twin, _ = small()
    spoilt = veil("identifiers", value, bytes(16))
    kept = tuple(d for d in twin.held[4] if d.name != "identifiers")

    def commit(payload: dict[str, Any]) -> None:
        payload["public"]["_sd"] = sorted(d.digest for d in (*kept, spoilt))

    ledger = Ledger()
    ilves = ledger.enrol("ilves", "XO", "ISS", "VAL")
    ledger.record(ilves, "order-supervised", {"capacity": "public-prosecutor", "decision": "approved"}, order=ORDER)
    assert ledger.append(resealed(twin.entries[4], commit, ilves)) == 4
    ledger.held[4] = (*kept, spoilt)
    report = checked(ledger.bundle(ilves), ledger)
    assert report.verdict is Verdict.PASSED, report.reasons
    assert [p.entries for p in report.procedure if p.code == "SD-FORM"] == [(ledger.leaf(4),)]
    assert report.case is not None
    entry = next(e for e in report.case.entries if e.kind == "order-issued")
    assert entry.sealed["identifiers"] is Unread.WITHHELD
    assert "CMP-WITHHELD" not in {p.code for p in report.procedure}


def test_a_commitment_that_somebody_else_made_before_is_a_finding_on_who_repeats_it() -> None:
    """A signer who copies a digest can open it later with the string of the signer who knew the value then."""
    ledger, ilves = small()
    skylark = ledger.enrol("skylark", "XV", "SP")
    held = ledger.held[4]

    def copy(payload: dict[str, Any]) -> None:
        payload["signer"].update(actor="skylark", party="XV", role="SP")
        payload.update(seq=3, prev=ledger.leaf(4), entry="ab" * 16)

    at = ledger.append(resealed(ledger.entries[4], copy, skylark))
    for texts in ((), held):
        opened = {4: tuple(d.text for d in held), at: tuple(d.text for d in texts)}
        data = ledger.bundle(ilves, disclosures={n: lines for n, lines in opened.items() if lines})
        report = checked(data, ledger)
        assert report.verdict is Verdict.PASSED
        assert [p.entries for p in report.procedure if p.code == "SD-COPIED"] == [(ledger.leaf(at),)]
    assert "SD-COPIED" not in [p.code for p in checked(small()[0].bundle(ilves), small()[0]).procedure]


def test_a_document_is_the_file_its_name_says() -> None:
    ledger, ilves = small()
    name = sha256(b"right").hexdigest()
    assert checked(ledger.bundle(ilves, documents={name: b"right"}), ledger).verdict is Verdict.PASSED
    for folder in ("documents", "foreign"):
        files = {folder: {name: b"wrong"}}
        wrong = pack(replace(ledger.contents(), **files), ilves.signer("ISS"))
        ends(wrong, ledger, "DOC-HASH", 14, f"{folder}/{name}")


def entangled(change: Callable[[dict[str, Any]], object]) -> tuple[Ledger, Hand, dict[str, bytes], Ledger]:
    """Make a ledger that received an entry of another one, with a change in the wrapper's statement on it."""
    there, _ = small(origin="ledger.test/xv", log=hand("log xv"))
    raw = there.entries[4]
    said = {
        "origin": there.origin,
        "index": 4,
        "leaf": there.leaf(4),
        "envelope": sha256(raw).hexdigest(),
        "proof_check": "verifies",
    }
    change(said)
    ledger, ilves = small()
    ledger.record(ilves, "counterparty-record-received", said, order=ORDER)
    proof = format_proof(4, prove_inclusion(4, there.size, there.read), there.checkpoint())
    return ledger, ilves, {sha256(raw).hexdigest(): raw, f"{sha256(raw).hexdigest()}.tlog-proof": proof}, there


def test_an_entry_of_another_record_is_held_against_what_is_said_of_it() -> None:
    ledger, ilves, foreign, there = entangled(lambda said: None)
    report = checked(ledger.bundle(ilves, foreign=foreign), ledger)
    assert report.verdict is Verdict.PASSED
    assert any("no key of it is trusted" in line for line in report.not_proven)
    both = ledger.policy() + there.policy().split(b"\n")[0] + b"\n"
    report = checked(ledger.bundle(ilves, foreign=foreign), ledger, trust=ledger.trust(both))
    assert report.verdict is Verdict.PASSED
    assert not any("no key of it is trusted" in line for line in report.not_proven)
    absent = checked(ledger.bundle(ilves), ledger)
    assert absent.verdict is Verdict.PASSED
    assert "ENT-ABSENT" in {r.code for r in absent.procedure}
    alone = {name: raw for name, raw in foreign.items() if len(name) == 64}
    without = checked(ledger.bundle(ilves, foreign=alone), ledger)
    assert any("no proof from there" in line for line in without.not_proven)


def mismatch(data: bytes, ledger: Ledger) -> None:
    """Assert a finding on the last entry for its statement on another log; that statement has no effect."""
    report = checked(data, ledger)
    assert report.verdict is Verdict.PASSED
    (found,) = [r for r in report.procedure if r.code == "ENT-MISMATCH"]
    assert (found.level, found.entries) == ("V", (ledger.leaf(ledger.size - 1),))
    assert report.case is not None
    assert [e for e in report.case.entries if e.received or e.proves] == []


@pytest.mark.parametrize("wrong", [{"leaf": "ab" * 32}, {"origin": "ledger.test/else"}, {"index": 3}])
def test_another_record_that_says_otherwise_is_a_mismatch(wrong: dict[str, Any]) -> None:
    ledger, ilves, foreign, _ = entangled(lambda said: said.update(wrong))
    mismatch(ledger.bundle(ilves, foreign=foreign), ledger)


def test_a_false_proof_from_another_record_is_a_mismatch() -> None:
    ledger, ilves, foreign, there = entangled(lambda said: None)
    name = next(name for name in foreign if len(name) == 64)
    forged = there.checkpoint(root=bytes(32))
    foreign[f"{name}.tlog-proof"] = format_proof(4, prove_inclusion(4, 5, there.read), forged)
    mismatch(ledger.bundle(ilves, foreign=foreign), ledger)


def test_an_entry_that_answers_another_records_names_it_by_its_leaf() -> None:
    there, _ = small(origin="ledger.test/xv", log=hand("log xv"))
    raw = there.entries[4]
    for leaf, found in ((there.leaf(4), set()), ("ab" * 32, {"ENT-ABSENT"})):
        ledger, ilves = small()
        other = Other(there.origin, 4, leaf, "cd" * 32)
        ledger.record(ilves, "order-transmitted", {"addressee": "skylark", "channel": "mail"}, order=ORDER, other=other)
        report = checked(ledger.bundle(ilves, foreign={sha256(raw).hexdigest(): raw}), ledger)
        assert {r.code for r in report.procedure} & {"ENT-ABSENT"} == found


# -- other cases -------------------------------------------------------------------------------------------------------


def test_a_word_in_the_register_that_means_nothing_is_left_aside_and_never_crashes() -> None:
    ledger, ilves = small()
    party = {
        "party": "XO",
        "zone": "Nowhere/None",
        "declarations_verified": True,
        "in_force": ["x", "2AP=soon", "=", ""],
    }
    ledger.record(ledger.keeper, "party-registered", party, loose=True)
    assert checked(ledger.bundle(ilves), ledger).verdict is Verdict.PASSED


PATHS = sorted(unpack(small()[0].bundle(small()[1])))


@examples(60)
@given(st.sampled_from(PATHS), st.data())
def test_a_maker_who_lies_about_any_file_ends_in_a_report_and_never_in_a_crash(path: str, data: st.DataObject) -> None:
    ledger, ilves = small()
    bundle = ledger.bundle(ilves)
    content = unpack(bundle)[path]
    at = data.draw(st.integers(0, len(content)))
    rubbish = content[:at] + data.draw(st.binary(max_size=8)) + content[at + data.draw(st.integers(0, 8)) :]
    if path == "mimetype":
        return
    report = checked(changed(bundle, lambda f: f.update({path: rubbish}), ilves.signer("ISS")), ledger)
    harmless = path in ("READ-ME-FIRST.html", "policy", "SHA256SUMS", "manifest.dsse.json") or rubbish == content
    assert report.verdict is FAILED or harmless or (path.endswith(".txt") and not rubbish.strip())


def test_an_opener_gives_the_values_that_are_open_and_nothing_for_another_entry() -> None:
    def entry(leaf: str, **sealed: Any) -> Any:
        return SimpleNamespace(leaf=leaf, sealed=sealed)

    here = [entry("a", name="Lena", account=Unread.ERASED, reason=None), entry("b", name=Unread.WITHHELD)]
    values = opener(here, [entry("c", note="x")])
    asked = {leaf: values(entry(leaf)) for leaf in "abcd"}
    assert asked == {"a": {"name": "Lena", "reason": None}, "b": {}, "c": {"note": "x"}, "d": {}}


def test_a_repeated_commitment_of_an_arrived_entry_is_said_with_the_earliest_entry_that_has_it() -> None:
    def entry(leaf: str, *sd: str) -> Any:
        return SimpleNamespace(leaf=leaf, sd=sd)

    def arrived(index: int, inner: Any) -> Any:
        return SimpleNamespace(index=index, inner=inner, wrapper=SimpleNamespace(leaf=f"wrapper {index}"))

    opened: Any = {9: entry("nine", "a", "b"), 3: entry("three", "a"), 5: entry("five", "b")}
    came = [
        arrived(11, entry("x", "a")),
        arrived(12, entry("y", "b", "a")),
        arrived(13, entry("z", "c")),
        arrived(14, entry("w", "c")),
        arrived(15, entry("five", "b")),  # the entry itself
        arrived(16, None),
    ]
    book = VerificationLog()
    note_arrived_copies(opened, came, book)
    assert [(each.code, each.says.split(",")[0], each.entries[0]) for each in book.remarks] == [
        ("SD-COPIED", "what entry 11 wraps repeats a commitment of entry 3", "wrapper 11"),
        ("SD-COPIED", "what entry 12 wraps repeats a commitment of entry 3", "wrapper 12"),
        ("SD-COPIED", "what entry 14 wraps repeats a commitment of entry 13", "wrapper 14"),
    ]


# -- each rule on its own ----------------------------------------------------------------------------------------------


def committing(*sd: str, actor: str = "ilves", kind: str = "order-issued", leaf: str = "", **more: Any) -> Any:
    """Return an opened entry with these commitments; `digests` are the values that it calls destroyed."""
    base = {"role": "ISS", "party": "XO", "schema": 1, **more}
    signer = SimpleNamespace(actor=actor, role=base["role"], party=base["party"])
    public = {"digests": base["digests"]} if "digests" in base else {}
    payload = SimpleNamespace(kind=kind, schema=base["schema"], signer=signer, public=public)
    return SimpleNamespace(sd=sd, leaf=leaf or f"leaf {' '.join(sd)}", payload=payload)


def copied(*inner: Any, opened: Any = ()) -> list[tuple[str, str]]:
    book, entries = VerificationLog(), dict(opened)
    arrivals: Any = [
        SimpleNamespace(index=n, inner=each, wrapper=SimpleNamespace(leaf=f"wrapper {n}"))
        for n, each in enumerate(inner, 20)
    ]
    disclosures.note_arrived_copies(entries, arrivals, book)
    return [(remark.entries[0], remark.says.partition(",")[0]) for remark in book.remarks]


def test_an_arrived_entry_repeats_no_commitment_of_an_earlier_one() -> None:
    opened = {5: committing("b", "c"), 3: committing("a", "b"), 9: committing("c")}
    assert copied(committing("x"), None, committing("y"), opened=opened) == []
    assert copied(committing("c", leaf="in"), committing("b", "a"), opened=opened) == [
        ("wrapper 20", "what entry 20 wraps repeats a commitment of entry 5"),
        ("wrapper 21", "what entry 21 wraps repeats a commitment of entry 3"),
    ]
    assert copied(committing("x"), committing("x"), committing("x")) == [
        (f"wrapper {n}", f"what entry {n} wraps repeats a commitment of entry 20") for n in (21, 22)
    ]
    assert copied(committing("c", leaf=opened[9].leaf), opened=opened) == [], "it is the entry itself"
    both = committing("c", "x", leaf="both")
    assert copied(both, committing("x"), opened=opened)[1][1].endswith("of entry 20")


def test_an_entry_that_repeats_a_commitment_is_named_with_the_first_that_had_it() -> None:
    book = VerificationLog()
    opened = {9: committing("c", "a", leaf="nine"), 3: committing("a", "b"), 5: committing("c", "b", leaf="five")}
    disclosures._note_copies(opened, book)
    assert [(r.code, r.entries, r.says.partition(",")[0]) for r in book.remarks] == [
        ("SD-COPIED", ("five",), "entry 5 repeats a commitment of entry 3"),
        ("SD-COPIED", ("nine",), "entry 9 repeats a commitment of entry 3"),
    ]


def keepers(*holding: str) -> Any:
    """Return a keyring of a registrar of XO, in which these actors hold their roles."""
    return SimpleNamespace(registrar=SimpleNamespace(party="XO"), holds=lambda signer, index: signer.actor in holding)


DESTROYED = "payload-key-destroyed"


@pytest.mark.parametrize(
    ("more", "counts"),
    [
        ({"role": "DPO", "actor": "dpo"}, True),
        ({"role": "DPO", "actor": "dpo", "party": "XV"}, False),
        ({"role": "SP", "actor": "dpo"}, False),
        ({"role": "DPO", "actor": "nobody-here"}, False),
        ({"role": "SP", "actor": "ilves", "party": "XV"}, True),
        ({"role": "SP", "actor": "aspen", "party": "XV"}, False),
        ({"role": "SP", "actor": "ilves", "schema": 99}, False),
        ({"role": "SP", "actor": "ilves", "kind": "order-issued"}, False),
    ],
)
def test_a_value_is_gone_if_its_signer_or_a_custodian_of_the_ledger_says_so(more: dict[str, Any], counts: bool) -> None:
    kind = more.pop("kind", DESTROYED)
    opened = {1: committing("a"), 2: committing("a", actor="aspen"), 5: committing(kind=kind, digests=["a"], **more)}
    keyring = keepers("dpo", "ilves", "aspen")
    assert disclosures.destroyed_for(opened, keyring) == ({"a": 5} if counts else {})
    more["kind"] = kind
    book = VerificationLog()
    disclosures._check_destroyers(opened, {"a": 5} if counts else {}, keyring, book)
    strange = not counts and kind == DESTROYED and more.get("schema", 1) == 1
    assert [r.code for r in book.remarks] == ["SD-CUSTODIAN"] * strange


def test_the_first_entry_that_says_so_counts_and_values_that_are_unknown_belong_to_custodians_alone() -> None:
    by = {"kind": DESTROYED, "actor": "ilves", "role": "SP"}
    opened = {
        5: committing(digests=["a", "b"], **by),
        1: committing("a"),
        7: committing(digests=["b"], kind=DESTROYED, actor="dpo", role="ADM"),
        6: committing(digests=["a"], kind=DESTROYED, actor="dpo", role="ADM"),
        8: committing(**by),
    }
    later = {2: committing("a", actor="aspen")}
    for among in ({**opened, **later}, {**later, **opened}, dict(reversed(opened.items()))):  # in any order
        assert disclosures.destroyed_for(among, keepers("dpo", "ilves")) == {"a": 5, "b": 7}
    assert disclosures.destroyed_for({**opened, 0: committing("a", actor="aspen")}, keepers("dpo", "ilves"))["a"] == 6
    book = VerificationLog()
    disclosures._check_destroyers(opened, {"a": 5}, keepers(), book)
    assert [(r.entries, r.says.partition(" cannot")[0]) for r in book.remarks] == [
        (("leaf ",), "entry 5 says that 1 value of others"),
        (("leaf ",), "entry 7 says that 1 value of others"),
    ]


@pytest.mark.parametrize(
    ("gone", "closed", "claimed", "erased"),
    [
        ("xy", "xy", "", "ab"),
        ("", "xy", "a", ""),
        ("x", "xy", "a", "a"),
        ("x", "xy", "ab", ""),
        ("x", "xy", "c", ""),
        ("x", "xy", "ac", "a"),
        ("x", "xy", "", ""),
    ],
)
def test_closed_fields_are_erased_as_far_as_the_digests_or_the_maker_say_which(
    gone: str, closed: str, claimed: str, erased: str
) -> None:
    entry: Any = SimpleNamespace(payload=SimpleNamespace(sealed=["a", "b", "c"]))
    found = disclosures._erased(entry, {"c": 1}, set(gone), set(closed), set(claimed))
    assert found == frozenset(erased)


def test_each_file_has_the_digest_that_names_it() -> None:
    book, name = VerificationLog(), sha256(b"x").hexdigest()
    parts = Arranged(documents={name: b"x"}, foreign={name: b"x", f"{name}.txt": b"?", f"{name}.tlog-proof": b"?"})
    disclosures.check_documents(parts, book)
    assert book.detail == "2 files"
    for wrong, where in ((Arranged(documents={name: b"y"}), "documents"), (Arranged(foreign={name: b"y"}), "foreign")):
        with pytest.raises(RecordError, match="DOC-HASH") as refused:
            disclosures.check_documents(wrong, book)
        assert refused.value.where == f"{where}/{name}"
        assert refused.value.says == f"its SHA-256 is {sha256(b'y').hexdigest()}"


def test_values_are_opened_as_far_as_an_entry_has_them() -> None:
    sealed = {"a": 1, "b": Unread.WITHHELD, "c": Unread.ERASED, "d": None}
    one, other = (SimpleNamespace(leaf=leaf, sealed=sealed) for leaf in ("one", "other"))
    opens = disclosures.opener([one], [other])  # type: ignore[list-item]
    assert opens(committing(leaf="one")) == opens(committing(leaf="other")) == {"a": 1, "d": None}
    assert opens(committing(leaf="third")) == {}


def arrived(**files: bytes) -> tuple[list[Any], VerificationLog]:
    book = VerificationLog()
    return disclosures.lift_foreign(
        Arranged(foreign={name.replace("_txt", ".txt"): file for name, file in files.items()}), book
    ), book


def test_values_of_another_record_are_opened_beside_its_entry() -> None:
    ledger, _ = small()
    raw, texts = ledger.entries[4], "".join(f"{d.text}\n" for d in ledger.held[4]).encode()
    (lifted,), book = arrived(a=raw, a_txt=texts, b=ledger.entries[3])
    assert (lifted.leaf, lifted.index) == (ledger.leaf(4), -1)
    assert dict(lifted.sealed) == {d.name: d.value for d in ledger.held[4]}
    assert book.remarks == []
    assert arrived(a=raw)[0] == []
    for files, code in (
        ({"a_txt": texts}, "SD-UNKNOWN"),
        ({"a": ledger.entries[3], "a_txt": texts}, "SD-UNKNOWN"),
        ({"a": raw[:-1], "a_txt": texts}, "ENV-NONCANON"),
        ({"a": raw, "a_txt": b""}, "SD-FORMAT"),
    ):
        with pytest.raises(RecordError) as refused:
            arrived(**files)
        assert (refused.value.code, refused.value.where) == (code, "foreign/a.txt")


def test_of_two_closed_values_of_which_one_is_destroyed_none_is_called_erased_unless_the_maker_names_it() -> None:
    ledger, ilves = small()
    gone = next(d for d in ledger.held[4] if d.name == "identifiers")
    said = {"digests": [gone.digest], "key_ref": "k1", "cause": "erasure-granted", "method": "crypto-erased"}
    ledger.record(ilves, "payload-key-destroyed", said, order=ORDER, role="ISS")
    report = checked(ledger.bundle(ilves, disclosures={}), ledger)
    assert report.case is not None
    sealed = next(e.sealed for e in report.case.entries if e.index == 4)
    assert len(sealed) > 1
    assert set(sealed.values()) == {Unread.WITHHELD}


@pytest.mark.parametrize(("named", "state"), [(4, Unread.ERASED), (3, Unread.WITHHELD)])
def test_the_maker_names_an_erased_value_by_entry_and_field(named: int, state: Unread) -> None:
    ledger, ilves = small()
    gone = next(d for d in ledger.held[4] if d.name == "identifiers")
    said = {"digests": [gone.digest], "key_ref": "k1", "cause": "erasure-granted", "method": "crypto-erased"}
    ledger.record(ilves, "payload-key-destroyed", said, order=ORDER, role="ISS")
    contents = ledger.contents(disclosures={})
    about = replace(contents.about, withheld=(Withheld(named, "identifiers", "erased"),))
    report = checked(pack(replace(contents, about=about), ilves.signer("ISS")), ledger)
    assert report.case is not None
    sealed = next(e.sealed for e in report.case.entries if e.index == 4)
    assert sealed["identifiers"] == state
    assert {value for name, value in sealed.items() if name != "identifiers"} == {Unread.WITHHELD}
