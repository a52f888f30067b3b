"""A received entry counts as its signer's act; its place belongs to the other log alone."""

from __future__ import annotations

from hashlib import sha256

import pytest
from msgspec.structs import replace

from ledger.entries.case import Unread
from ledger.entries.envelope import open_
from ledger.entries.wrapped_entry import KIND, acknowledges, as_counted, wrapper_id, wrapping, wrapping_crossed
from ledger.errors import RecordError
from ledger.facts import KINDS, public_of
from tests.support.memory_ledger import ORDER, Ledger, hand, small


def test_the_place_in_its_own_log_is_said_of_an_entry_of_another_log_alone() -> None:
    ledger, ilves = small()
    there, _ = small(origin="ledger.test/xv", log=hand("log xv"))

    def wrapped(of: Ledger) -> tuple[str | None, int | None]:
        raw = of.entries[4]
        name = sha256(raw).hexdigest()
        said = {"origin": of.origin, "index": 4, "leaf": of.leaf(4), "envelope": name, "proof_check": "not-checked"}
        at = ledger.record(ilves, KIND, said, order=ORDER)
        counted = as_counted(open_(raw), open_(ledger.entries[at]), at)
        assert (counted.index, counted.received is None) == (at, False)
        return counted.origin, counted.place

    assert wrapped(there) == ("ledger.test/xv", 4)
    assert wrapped(ledger) == (None, None)


def test_a_wrapper_names_the_entry_that_it_backs_only_if_it_backs_one() -> None:
    there, _ = small(origin="ledger.test/xv", log=hand("log xv"))
    raw, proof = there.entries[4], there.proof(4)
    stated = {"origin": there.origin, "index": 4, "leaf": there.leaf(4), "envelope": sha256(raw).hexdigest()}
    for backs, more in ((None, {}), ("ab" * 32, {"backs": "ab" * 32})):
        fact, place = wrapping(raw, proof, "verifies", backs)
        assert public_of(fact) == {**stated, "proof_check": "verifies", **more}
        assert (place.origin, place.index, place.leaf) == (there.origin, 4, there.leaf(4))


def test_an_entry_acknowledges_an_entry_of_the_log_that_it_names_and_of_no_other() -> None:
    there, office = small(origin="ledger.test/xv", log=hand("log xv"))
    said = {"origin": "ledger.test/xo", "index": 4, "leaf": "ab" * 32, "envelope": "cd" * 32}
    index = there.record(office, KIND, {**said, "proof_check": "not-checked"}, order=ORDER)
    wrapper = open_(there.entries[index])
    assert acknowledges(wrapper, "ledger.test/xo") == (4, "ab" * 32)
    assert acknowledges(wrapper, "ledger.test/xv") is None
    assert all(acknowledges(open_(raw), "ledger.test/xo") is None for raw in there.entries[:index])
    other = replace(wrapper, payload=replace(wrapper.payload, kind="order-received"))
    assert acknowledges(other, "ledger.test/xo") is None, "another kind may mean something else"
    later = replace(wrapper, payload=replace(wrapper.payload, schema=wrapper.payload.schema + 1))
    assert acknowledges(later, "ledger.test/xo") is None, "a later schema may mean something else"
    for wrong in (
        {},
        {"index": 4},
        {"index": "4", "leaf": "ab" * 32},
        {"index": True, "leaf": "ab" * 32},
        {"index": 4, "leaf": []},
    ):
        formless = replace(wrapper, payload=replace(wrapper.payload, public={"origin": "ledger.test/xo", **wrong}))
        assert acknowledges(formless, "ledger.test/xo") is None, wrong


def test_a_place_of_another_log_has_the_same_wrappers_each_time_and_no_other_place_has_them() -> None:
    ids = [wrapper_id(*each) for each in (("a", 1), ("a", 1, 1), ("a", 1, 2), ("a", 11), ("b", 1), ("a", 2))]
    assert ids == [wrapper_id(*each) for each in (("a", 1, 0), ("a", 1, 1), ("a", 1, 2), ("a", 11), ("b", 1), ("a", 2))]
    assert len(set(ids)) == 6
    assert {len(each) for each in ids} == {32}
    assert wrapper_id("a", 1) == sha256(f"{KIND}\na\n1".encode()).hexdigest()[:32]


def test_an_entry_that_came_too_late_is_wrapped_with_the_size_of_the_log_and_without_a_proof() -> None:
    ledger, _ = small()
    raw = ledger.entries[4]
    assert public_of(wrapping_crossed(raw, 9)) == {
        "origin": ledger.origin,
        "index": 9,
        "leaf": ledger.leaf(4),
        "envelope": sha256(raw).hexdigest(),
        "proof_check": "not-checked",
    }
    with pytest.raises(RecordError, match="ENV-NONCANON"):
        wrapping_crossed(raw + b" ", 9)


def test_a_received_entry_is_read_with_the_values_that_are_shown_or_said_to_be_destroyed() -> None:
    there, _ = small(origin="ledger.test/xv", log=hand("log xv"))
    here, office = small()
    raw, shown = there.entries[4], there.held[4]
    opened = open_(raw)
    said = {"origin": there.origin, "index": 4, "leaf": there.leaf(4), "envelope": sha256(raw).hexdigest()}
    at = here.record(office, KIND, {**said, "proof_check": "not-checked"}, order=ORDER)
    wrapper = open_(here.entries[at])
    texts, digests = [each.text for each in shown], {each.digest for each in shown}
    assert len(texts) > 1

    whole = as_counted(opened, wrapper, at, texts)
    assert whole.sealed == {each.name: each.value for each in shown}
    assert whole.digests == {each.name: each.digest for each in shown}
    assert (whole.order, whole.seq) == (wrapper.payload.order, wrapper.payload.seq)
    assert set(as_counted(opened, wrapper, at).sealed.values()) == {Unread.WITHHELD}
    assert set(as_counted(opened, wrapper, at, destroyed=digests).sealed.values()) == {Unread.ERASED}
    some = as_counted(opened, wrapper, at, destroyed=[*digests][1:])
    assert set(some.sealed.values()) == {Unread.WITHHELD}, "which one is destroyed is not known"
    rest = as_counted(opened, wrapper, at, texts[:1], destroyed=digests)
    assert rest.sealed == dict.fromkeys(whole.sealed, Unread.ERASED) | {shown[0].name: shown[0].value}
    assert as_counted(opened, wrapper, at, texts, destroyed=digests).sealed == whole.sealed


def test_a_received_entry_of_a_later_schema_has_another_kind() -> None:
    ledger, _ = small()
    opened = open_(ledger.entries[4])
    kind, schema = opened.payload.kind, KINDS[opened.payload.kind].schema
    for changes, counted in (
        ({}, kind),
        ({"schema": schema + 1}, f"{kind}/{schema + 1}"),
        ({"kind": "of-tomorrow", "schema": 7}, "of-tomorrow"),
    ):
        later = replace(opened, payload=replace(opened.payload, **changes))
        assert as_counted(later, opened, 9).kind == counted


def test_a_shown_value_without_the_form_of_its_kind_is_withheld_and_not_destroyed() -> None:
    ledger, ilves = small()
    files = [{"name": "x", "size": 1, "sha256": "no digest"}]
    sealed = {"manifest": {"elements": ["name"], "files": files}}
    at = ledger.record(ilves, "evidence-received", {"check": "equal"}, sealed, order=ORDER, loose=True)
    opened, shown = open_(ledger.entries[at]), ledger.held[at]
    for destroyed in ((), {each.digest for each in shown}):
        counted = as_counted(opened, opened, at, [each.text for each in shown], destroyed=destroyed)
        assert counted.sealed == {"manifest": Unread.WITHHELD}
