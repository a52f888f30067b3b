"""Each rule by which an entry of another record counts, on its own."""

from __future__ import annotations

from hashlib import sha256
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec import UNSET

from ledger.entries.envelope import open_
from ledger.entries.keyring import SigningOffice
from ledger.entries.wrapped_entry import KIND
from ledger.errors import RecordError
from ledger.tlog.note import note_digest
from ledger.tlog.tree import parse_proof
from ledger.verify.other_records import received_entries
from ledger.verify.other_records.other_logs import NotProven, OtherLogs
from ledger.verify.other_records.received_entries import ArrivedEntry, arrived, check_key, checked_place, marked
from tests.support.memory_ledger import NOW, hand, small

HERE, THERE, THIRD = "ledger.test/xo/karsk", "ledger.test/xv", "ledger.test/xw"
RAW = b"sealed entry"
NAME = sha256(RAW).hexdigest()


def payload(log: str = THERE, **more: Any) -> Any:
    signer = SimpleNamespace(key="aa", actor="skylark", role="SP", party="XV")
    base = {"log": log, "order": "o", "seq": 1, "entry": "id", "instrument": "2AP-7", "kind": "order-received"}
    base |= {"schema": 1, "signer": signer, "speaks": "act", "whose": UNSET, "other": UNSET, "public": {}, "sealed": []}
    return SimpleNamespace(**{**base, **more})


def inner(log: str = THERE, leaf: str = "leaf", **more: Any) -> Any:
    return SimpleNamespace(leaf=leaf, raw=RAW, payload=payload(log, **more))


def wrapper(**public: Any) -> Any:
    said = {"envelope": NAME, "leaf": "leaf", "origin": THERE, "index": 4, **public}
    return SimpleNamespace(leaf="wrapper", payload=payload(HERE, public=said, kind=KIND))


def lacks(call: Any, *given: Any) -> str:
    with pytest.raises((NotProven, RecordError)) as raised:
        call(*given)
    wrong: Any = raised.value
    return ("lacks " if isinstance(wrong, NotProven) else "false ") + str(wrong.code)


# -- once --------------------------------------------------------------------------------------------------------------


def counted(monkeypatch: pytest.MonkeyPatch, *ones: ArrivedEntry) -> list[tuple[bool, str]]:
    """Return whether each counts, and what it lacks."""
    by_index = {one.index: one for one in ones}
    monkeypatch.setattr(received_entries, "known", lambda payload: payload.schema == 1 or None)
    monkeypatch.setattr(received_entries, "_judged", lambda index, *_: by_index[index])
    nothing: Any = None
    found = list(arrived([(one.index, one.wrapper) for one in ones], nothing, nothing, nothing))
    return [(one.act or bool(one.proves), one.lacks) for one in found]


def counts(index: int, entry: Any, at: int = 4, **more: Any) -> ArrivedEntry:
    return ArrivedEntry(index, wrapper(index=at), entry, **{"act": True, **more})


TWICE, SPLIT = (False, "LEAF-DUPLICATE"), (False, "SPLIT-ORDER")


def test_an_entry_counts_once_and_another_one_in_its_place_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    first = inner()
    counts_once = (True, "")
    for second, at, result in (
        (first, 4, TWICE),
        (inner(leaf="other"), 5, SPLIT),  # the same id
        (inner(leaf="other", entry="id 2"), 5, SPLIT),  # the same number
        (inner(leaf="other", entry="id 2", seq=2), 4, SPLIT),  # the same index
        (inner(leaf="other", entry="id 2", seq=2), 5, counts_once),
        (inner(leaf="other", entry="id 2", order="p"), 5, counts_once),
        (inner(THIRD, leaf="other"), 4, counts_once),
    ):
        assert counted(monkeypatch, counts(1, first), counts(2, second, at)) == [counts_once, result]
    other = inner(leaf="other", entry="id 2")
    both = [counts(1, first), counts(2, other), counts(3, first), counts(4, other)]
    assert counted(monkeypatch, *both) == [counts_once, SPLIT, TWICE, SPLIT], "the first one keeps its place"
    supports = counts(1, first, act=False, proves="ab")
    assert counted(monkeypatch, supports, counts(2, first)) == [counts_once, TWICE]
    silent = counts(1, first, act=False)
    assert counted(monkeypatch, silent, counts(2, first)) == [(False, ""), counts_once]
    assert counted(monkeypatch, ArrivedEntry(1, wrapper(), lacks="ENT-ABSENT"), counts(2, first))[1] == counts_once


def test_of_letters_that_crossed_only_the_id_is_unique(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = inner(HERE), inner(HERE, leaf="other", entry="id 2")
    assert counted(monkeypatch, counts(1, first), counts(2, second)) == [(True, "")] * 2
    assert counted(monkeypatch, counts(1, first), counts(2, inner(HERE, leaf="other")))[1] == SPLIT
    third = [counts(1, first), counts(2, second), counts(3, second)]
    assert counted(monkeypatch, *third) == [(True, ""), (True, ""), TWICE]


def test_only_wrappers_in_a_known_schema_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    other, later = wrapper(), wrapper()
    other.payload.kind, later.payload.schema = "order-received", 99
    ones = [ArrivedEntry(1, other, inner()), ArrivedEntry(2, later, inner()), ArrivedEntry(3, wrapper(), inner())]
    assert counted(monkeypatch, *ones) == [(False, "")]


# -- place -------------------------------------------------------------------------------------------------------------


def test_an_entry_is_the_one_that_its_wrapper_names(monkeypatch: pytest.MonkeyPatch) -> None:
    placed: Any = received_entries._placed
    nothing: Any = None
    monkeypatch.setattr(received_entries, "parse_proof", lambda proof: proof)
    monkeypatch.setattr(received_entries, "checked_place", lambda *given: given[1:4])
    files = {f"{NAME}.tlog-proof": b"proof"}
    assert placed(inner(), wrapper(), RAW, files.get, nothing) == (b"proof", 4, "")
    named = wrapper()
    named.payload.other = SimpleNamespace(checkpoint_sha256="head")
    assert placed(inner(), named, RAW, files.get, nothing) == (b"proof", 4, "head")
    assert placed(inner(HERE), wrapper(origin=HERE), RAW, {}.get, nothing) is None
    assert lacks(placed, inner(), wrapper(), RAW, {}.get, nothing) == "lacks PRF-FORMAT"
    assert lacks(placed, inner(), wrapper(), b"other", files.get, nothing) == "false DOC-HASH"
    assert lacks(placed, inner(), wrapper(leaf="other"), RAW, files.get, nothing) == "false PRF-PATH"
    assert lacks(placed, inner(), wrapper(origin=THIRD), RAW, files.get, nothing) == "false CTX-LOG"


def test_a_proof_leads_from_its_index_to_a_trusted_head_of_the_log_of_the_entry() -> None:
    ledger, _ = small(origin=THERE, log=hand("log xv"))
    logs = OtherLogs([ledger.trust()], {}, NOW)
    entry, proof, head = open_(ledger.entries[3]), parse_proof(ledger.proof(3)), note_digest(ledger.checkpoint())
    for named in ("", head):
        assert checked_place(entry, proof, 3, named, logs) == (3, logs.state(THERE, proof.note))
    assert lacks(checked_place, entry, proof, 4, "", logs) == "false PRF-INDEX"
    assert lacks(checked_place, entry, proof, 3, "ab" * 32, logs) == "false PRF-PATH"
    assert lacks(checked_place, open_(ledger.entries[4]), proof, 3, "", logs) == "false PRF-PATH"
    assert lacks(checked_place, entry, proof, 3, "", OtherLogs([], {}, NOW)) == "lacks NO_TRUST_ANCHOR"
    other, _ = small(origin=THIRD)
    elsewhere = parse_proof(other.proof(3))
    assert lacks(checked_place, entry, elsewhere, 3, "", logs) == "false CP-ORIGIN"


@pytest.mark.parametrize(
    ("more", "log", "known", "result"),
    [
        ({}, THERE, False, None),
        ({"instrument": "EPOC"}, THERE, False, "lacks CTX-INSTRUMENT"),
        ({"order": "p"}, THERE, False, "lacks CTX-ORDER"),
        ({}, THERE, True, None),
        ({}, HERE, False, None),
        ({}, HERE, True, "lacks LEAF-DUPLICATE"),
    ],
)
def test_an_entry_belongs_into_the_order_of_its_wrapper(
    more: dict[str, Any], log: str, known: bool, result: str | None
) -> None:
    here: Any = SimpleNamespace(entry=lambda leaf: "entry" if known and leaf == "leaf" else None)
    check = received_entries._check_order
    if result is None:
        check(inner(log, **more), wrapper(), here)
    else:
        assert lacks(check, inner(log, **more), wrapper(), here) == result


# -- keys --------------------------------------------------------------------------------------------------------------


def key(actor: str = "skylark", public: str = "aa", **more: Any) -> Any:
    base = {"roles": ("SP",), "accepted": 1, "ended": None, "reported": None, "suspected_since": None}
    return SimpleNamespace(actor=actor, public=public, **{**base, **more})


def office(party: str = "XV", roles: tuple[str, ...] = ("SP",)) -> Any:
    return SigningOffice("skylark", party, roles, [(3, ("SP",)), (8, roles), (9, ("CT",))])


def ruled(
    ours: Any = (), offices: Any = None, theirs: Any = None, by: Any = None, party: str = "XV", refuses: str = ""
) -> str:
    """Return what the key of an entry of another log lacks, whose wrapper is entry 9 here; "" if nothing."""

    def check(*_: Any) -> None:
        if refuses:
            raise RecordError(refuses, "it may not")

    def check_role(*_: Any) -> None:
        if refuses == "role":
            raise RecordError("KEY-ROLE", "it may not")

    book = SimpleNamespace(
        registrar=SimpleNamespace(party=party),
        keys={"aa": theirs or key()},
        check=(lambda *_: None) if refuses == "role" else check,
        check_role=check_role,
    )
    logs: Any = SimpleNamespace(keyring=lambda origin: book if origin == THERE else None)
    keyring = SimpleNamespace(
        keys={each.public: each for each in ours},
        offices=offices or {},
        holds=lambda *_: True,
        registrar=SimpleNamespace(party="XO"),
    )
    here: Any = SimpleNamespace(keyring=keyring, before=lambda *_: False)
    place: Any = (3, SimpleNamespace(by=by))
    try:
        check_key(9, inner(), place, here, logs)
    except NotProven as wrong:
        return wrong.code
    return ""


def test_a_key_of_another_register_signs_for_offices_of_its_own_party() -> None:
    assert ruled() == ""
    assert ruled(party="XW") == "KEY-UNKNOWN"
    assert ruled(offices={"skylark": office()}) == ""
    assert ruled(offices={"skylark": office("XO")}) == "KEY-UNKNOWN"
    assert ruled(offices={"skylark": office(roles=("ISS",))}) == "KEY-ROLE", "taken away at position 8"
    never = SigningOffice("skylark", "XV", ("ISS",), [(3, ("ISS",))])
    assert ruled(offices={"skylark": never}) == "", "never given here, and proven there"
    later = SigningOffice("skylark", "XO", ("ISS",), [(9, ("ISS",))])
    assert ruled(offices={"skylark": later}) == "", "registered here after the entry had arrived"
    assert ruled(refuses="KEY-ENDED") == "KEY-ENDED"
    assert ruled(refuses="role") == "KEY-ROLE"


def test_a_key_that_an_office_has_in_this_register_decides_from_its_acceptance_on() -> None:
    offices = {"skylark": office()}
    assert ruled([key(accepted=8)], offices) == ""
    assert ruled([key("other")]) == "KEY-UNKNOWN"
    assert ruled([key(public="bb", accepted=8)], offices) == "KEY-UNKNOWN"
    assert ruled([key(public="bb", accepted=9)], offices) == ""
    assert ruled([key(public="bb", accepted=None)], offices) == ""
    assert ruled([key("other", public="bb")], offices) == ""
    assert ruled([key(accepted=8, ended=8)], offices, refuses="KEY-ENDED") == "KEY-ENDED"


def test_a_key_that_was_reported_in_its_own_register_is_suspect_unless_witnesses_saw_the_entry_before() -> None:
    since = NOW.replace(year=2027, month=3)
    stolen = key(reported=7, suspected_since=f"{since:%Y-%m-%dT%H:%M:%SZ}")
    assert ruled(theirs=stolen) == "KEY-SUSPECT"
    assert ruled(theirs=stolen, by=since) == "KEY-SUSPECT"
    assert ruled(theirs=stolen, by=since.replace(year=2026)) == ""


def test_a_crossed_letter_is_signed_by_a_key_of_this_register() -> None:
    def check(entry: Any, index: int) -> None:
        assert index == 9
        if entry.leaf == "refused":
            raise RecordError("KEY-ENDED", "it may not")

    keyring = SimpleNamespace(check=check, keys={"aa": key()}, offices={"skylark": office()}, holds=lambda *_: True)
    here: Any = SimpleNamespace(keyring=keyring, before=lambda *_: False)
    nothing: Any = None
    check_key(9, inner(HERE), None, here, nothing)
    assert lacks(check_key, 9, inner(HERE, leaf="refused"), None, here, nothing) == "lacks KEY-ENDED"
    keyring.offices = {}
    assert lacks(check_key, 9, inner(HERE), None, here, nothing) == "lacks KEY-ROLE"


# -- what it supports --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("theirs", "ours", "supports"),
    [
        ({}, {}, True),
        ({"kind": "order-complied"}, {}, False),
        ({"signer": SimpleNamespace(actor="aspen")}, {}, False),
        ({"speaks": "observation"}, {}, False),
        ({"signer": SimpleNamespace(actor="aspen")}, {"whose": "aspen", "speaks": "observation"}, True),
        ({}, {"whose": "aspen"}, False),
        ({"schema": 99}, {}, False),
        ({}, {"schema": 99}, False),
    ],
)
def test_an_entry_supports_one_of_its_kind_on_an_act_of_its_signer(
    theirs: dict[str, Any], ours: dict[str, Any], supports: bool
) -> None:
    entry, mine = inner(**theirs), inner(HERE, leaf="mine", **ours)
    here: Any = SimpleNamespace(entry=lambda leaf: mine if leaf == "mine" else None)
    if supports:
        assert received_entries._backed(entry, wrapper(backs="mine"), here) is mine
    else:
        assert lacks(received_entries._backed, entry, wrapper(backs="mine"), here) == "lacks ENT-UNPROVEN"


def test_two_entries_are_compared_in_the_fields_that_both_state() -> None:
    def states(public: dict[str, Any], *sealed: str) -> Any:
        return inner(kind="order-issued", public=public, sealed=sealed)

    one = states({"case_ref": "a", "from_party": "XO", "unknown": 1}, "identifiers", "summary_of_facts")
    other = states({"case_ref": "b", "from_party": "XO", "unknown": 2, "to_party": "XV"}, "identifiers")
    compared = received_entries._compared(one, other)
    assert compared == {"case_ref": False, "from_party": False, "identifiers": True}
    values: dict[int, dict[str, Any]] = {id(one): {"identifiers": [1]}, id(other): {"identifiers": [2]}}
    here: Any = SimpleNamespace(values=lambda opened: values[id(opened)])
    assert received_entries._otherwise(one, other, here) == ["case_ref", "identifiers"]
    assert received_entries._closed(one, other, here) == ()
    for closed in (one, other):
        values[id(one)], values[id(other)] = {"identifiers": [1]}, {"identifiers": [2]}
        values[id(closed)] = {}
        assert received_entries._otherwise(one, other, here) == ["case_ref"]
        assert received_entries._closed(one, other, here) == ("identifiers",)
    one.payload.schema = 99
    assert received_entries._compared(one, other) == {}


def test_a_wrapper_is_marked_with_what_it_proves_or_lacks() -> None:
    from tests.ledger.verify.findings.test_claims import entry

    plain = entry(5)
    nothing: Any = None
    for one, proves, unproven in (
        (ArrivedEntry(5, nothing, proves="ab"), "ab", ""),
        (ArrivedEntry(5, nothing, lacks="ENT-ABSENT"), None, "ENT-ABSENT"),
    ):
        found = marked(plain, {5: one})
        assert (found.proves, found.unproven) == (proves, unproven)
    assert marked(plain, {5: ArrivedEntry(5, nothing, act=True), 6: ArrivedEntry(6, nothing, proves="ab")}) is plain
    assert marked(plain, {}) is plain
