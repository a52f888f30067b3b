"""A log is signed by the keys of its sizes, by both at a change, and once for what the guard has."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from ledger.adapters.guard.sign_once_guard import Guard
from ledger.adapters.guard.signed_state import Signed
from ledger.adapters.keys.key_files import SeedKey, write
from ledger.adapters.log.checkpoint_signer import LocalSigner, later_keys
from ledger.adapters.log.log import first_note
from ledger.errors import LedgerError
from ledger.tlog.note import ED25519, MLDSA44, Vkey
from tests.ledger.adapters.log.test_signer_process import KEY, NOW, ORIGIN, OTHER, SEED, TREE, state
from tests.support.files.system_calls import open_below

__all__ = ("state",)  # the fixture

LATER = SeedKey(bytes([9]) * 32)


def step(hand: LocalSigner, size: int, before: Signed | None = None, late: timedelta = timedelta(0)) -> Signed | None:
    def prove() -> Sequence[bytes]:
        raise AssertionError("the tree is our own")

    return hand.step(before or hand.last(), size, TREE.root(size), prove, NOW + late, lambda _: None)


def key_ids(signed: Signed | None) -> list[bytes]:
    """Return the ids of the keys that signed a note, in order."""
    assert signed is not None
    lines = signed.note.decode().partition("\n\n")[2].splitlines()
    return [base64.b64decode(line.split(" ")[2])[:4] for line in lines]


def test_a_tree_is_signed_by_the_key_of_its_size_and_by_both_at_the_change(state: Path) -> None:
    write(state / "log.5.key", LATER)
    first, second = KEY.keyid, Vkey.of(ORIGIN, ED25519, LATER.public).keyid
    with closing(LocalSigner(ORIGIN, state)) as hand:
        assert key_ids(step(hand, 4)) == [first]
        assert key_ids(step(hand, 5)) == [first, second]
        assert key_ids(step(hand, 6)) == [second]


def test_a_signature_is_dated_to_the_second(state: Path) -> None:
    with closing(LocalSigner(ORIGIN, state)) as hand:
        signed = step(hand, 4, late=timedelta(seconds=3, microseconds=700_000))
        assert signed is not None
        assert signed.at == NOW + timedelta(seconds=3)
        assert hand.last() == signed


def test_of_two_that_sign_behind_one_state_the_second_gets_nothing(state: Path) -> None:
    with closing(LocalSigner(ORIGIN, state)) as one, closing(LocalSigner(ORIGIN, state, [KEY])) as two:
        before = two.last()
        signed = step(one, 4)
        assert step(two, 5, before) is None
        assert two.last() == one.last() == signed


def test_what_the_guard_has_is_verified_where_the_keys_are_known(state: Path) -> None:
    with closing(LocalSigner(ORIGIN, state)) as hand:
        step(hand, 4)
    with closing(LocalSigner(ORIGIN, state, [KEY])) as hand:
        assert hand.last().size == 4
        signed = step(hand, 5)
        assert hand.last() == signed
    with closing(LocalSigner(ORIGIN, state, [Vkey.of(ORIGIN, ED25519, LATER.public)])) as hand:
        with pytest.raises(LedgerError, match="did not sign") as found:
            hand.last()
        assert (found.value.code, "log.<n>.key" in found.value.hint) == ("KEY-MISSING", True)


@pytest.mark.parametrize("other", ["size", "root"])
def test_a_guard_with_the_checkpoint_of_another_tree_is_damage(other: str, tmp_path: Path) -> None:
    write(tmp_path / "log.key", SeedKey(SEED))
    first = first_note(KEY, SEED, NOW)
    size, root = (first.size + 1, first.root) if other == "size" else (first.size, OTHER.root(4))
    Guard.create(tmp_path / "guard.db", Signed(size, root, first.note, first.at)).close()
    with closing(LocalSigner(ORIGIN, tmp_path, [KEY])) as hand:
        with pytest.raises(LedgerError, match="a checkpoint of another tree") as found:
            hand.last()
        assert found.value.code == "LOG-CORRUPT"


def test_a_key_file_of_another_key_signs_nothing(state: Path) -> None:
    write(state / "log.5.key", LATER)
    with closing(LocalSigner(ORIGIN, state, [KEY])) as hand:
        step(hand, 3)
        hand.ready(hand.last(), NOW)
        assert step(hand, 4) is not None
        with pytest.raises(LedgerError, match="KEY-FORMAT"):
            hand.ready(hand.last(), NOW)  # the next size is signed by it
        with pytest.raises(LedgerError, match=r"log\.5\.key is not the key of") as found:
            step(hand, 5)
        assert (found.value.code, hand.last().size) == ("KEY-FORMAT", 4)


def test_a_signer_is_ready_with_its_key_and_a_clock_that_was_not_set_back(state: Path) -> None:
    with closing(LocalSigner(ORIGIN, state)) as hand:
        step(hand, 4)
        hand.ready(hand.last(), NOW)
        with pytest.raises(LedgerError, match="CLOCK-BACK"):
            hand.ready(hand.last(), NOW - timedelta(days=3))
    (state / "log.key").unlink()
    with closing(LocalSigner(ORIGIN, state)) as hand, pytest.raises(LedgerError, match="KEY-MISSING"):
        hand.ready(hand.last(), NOW)


def test_a_closed_signer_has_no_file_open(state: Path) -> None:
    hand = LocalSigner(ORIGIN, state)
    hand.close()
    for _ in range(2):
        assert hand.last().size == 0
    assert hand.guard is hand.guard
    hand.close()
    assert open_below(state) == []


def test_without_a_guard_nothing_is_signed(tmp_path: Path) -> None:
    write(tmp_path / "log.key", SeedKey(SEED))
    with closing(LocalSigner(ORIGIN, tmp_path)) as hand, pytest.raises(LedgerError, match="GUARD-MISSING"):
        hand.last()


def test_the_newest_key_for_heads_is_that_of_the_highest_number(tmp_path: Path) -> None:
    hand = LocalSigner(ORIGIN, tmp_path / "state")
    with pytest.raises(LedgerError, match="no key that commits its heads") as found:
        hand.heads_key()
    assert (found.value.code, "--enrol" in found.value.hint) == ("KEY-MISSING", True)
    first = hand.heads_key(make=True)
    assert (tmp_path / "state" / "heads.key").exists()
    assert hand.heads_key().public == first.public
    second = hand.heads_key(make=True)
    assert (tmp_path / "state" / "heads.2.key").exists()
    assert hand.heads_key().public == second.public != first.public
    tenth = write(tmp_path / "state" / "heads.10.key", LATER)
    for name in ("heads.0.key", "heads.011.key", "heads.x.key", "heads.12.key.old", "heads.1234567.key"):
        (tmp_path / "state" / name).write_text("no key")
    assert hand.heads_key().public == tenth.public
    hand.heads_key(make=True)
    assert (tmp_path / "state" / "heads.11.key").exists()


def test_later_keys_are_known_by_type_and_first_size(tmp_path: Path) -> None:
    names = ("log.key", "log.5.key", "log.10.key", "log.5.key.pub", "log.05.key", "log.0.key", "log.mldsa.7.key")
    for name in (*names, "log.mldsa.key", "xlog.6.key"):
        (tmp_path / name).touch()
    assert later_keys(tmp_path) == {5: "log.5.key", 10: "log.10.key"}
    assert later_keys(tmp_path, MLDSA44) == {7: "log.mldsa.7.key"}
    assert later_keys(tmp_path / "none") == {}
