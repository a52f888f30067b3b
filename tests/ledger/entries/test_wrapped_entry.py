"""A received entry counts as its signer's act; its place belongs to the other log alone."""

from __future__ import annotations

from hashlib import sha256

from ledger.entries.envelope import open_
from ledger.entries.wrapped_entry import KIND, as_counted, wrapping
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
