"""A received entry counts as its signer's act; its place belongs to the other log alone."""

from __future__ import annotations

from hashlib import sha256

from msgspec.structs import replace

from ledger.entries.envelope import open_
from ledger.entries.wrapped_entry import KIND, acknowledges, as_counted, wrapper_id, wrapping
from ledger.facts import public_of
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
