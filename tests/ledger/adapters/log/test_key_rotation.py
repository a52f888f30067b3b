"""A prepared key is made once, and signs from the size after the last one that was signed without it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.adapters.keys import key_files, mldsa
from ledger.adapters.log.key_rotation import begin, begun, prepare, with_log
from ledger.errors import LedgerError
from ledger.tlog.note import ED25519, MLDSA44, Vkey
from tests.support.files.system_calls import synced

ORIGIN = "ledger.example/xo"
STEM = {ED25519: "log", MLDSA44: "log.mldsa"}
KINDS = pytest.mark.parametrize("kind", STEM)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "guard.db").touch()
    return tmp_path


def signed(*sizes: int) -> Any:
    """Return a signer whose last signed sizes are these, one for each question."""
    left = list(sizes)
    return SimpleNamespace(last=lambda: SimpleNamespace(size=left.pop(0)))


def names(state: Path) -> list[str]:
    return sorted(file.name for file in state.iterdir() if file.name != "guard.db")


def test_a_folder_without_a_guard_gets_no_key(tmp_path: Path) -> None:
    with pytest.raises(LedgerError) as refused:
        prepare(ORIGIN, tmp_path)
    assert (refused.value.code, refused.value.hint, names(tmp_path)) == ("GUARD-MISSING", "--state DIR", [])


@KINDS
def test_a_prepared_key_is_made_once(state: Path, kind: int) -> None:
    made = prepare(ORIGIN, state, kind)
    assert (state / f"{STEM[kind]}.next.key").exists()
    assert prepare(ORIGIN, state, kind) == made
    key = {ED25519: key_files, MLDSA44: mldsa}[kind].load(state / f"{STEM[kind]}.next.key")
    assert made == Vkey.of(ORIGIN, kind, key.public)
    assert begun(ORIGIN, state) == {}


@KINDS
@pytest.mark.parametrize(("sizes", "first"), [((7, 7), 8), ((0, 0), 1), ((7, 8, 8), 9), ((7, 9, 12, 12), 13)])
def test_a_key_begins_after_the_last_size_that_was_signed_meanwhile(
    state: Path, kind: int, sizes: tuple[int, ...], first: int
) -> None:
    made = prepare(ORIGIN, state, kind)
    before = names(state)
    with synced() as durable:
        assert begin(state, signed(*sizes), kind) == first
    assert durable == [state.name] * (len(sizes) - 1)
    assert names(state) == sorted(name.replace("next", str(first)) for name in before)
    assert begun(ORIGIN, state) == {made.text: first}


def test_a_key_whose_public_file_is_missing_begins_all_the_same(state: Path) -> None:
    prepare(ORIGIN, state)
    (state / "log.next.key.pub").unlink()
    assert begin(state, signed(3, 3)) == 4
    assert names(state) == ["log.4.key"]
    with pytest.raises(FileNotFoundError):
        begin(state, signed(4, 4))  # no key is prepared


def test_keys_of_both_types_that_have_begun_are_named_with_their_sizes(state: Path) -> None:
    first = prepare(ORIGIN, state)
    begin(state, signed(3, 3))
    second = prepare(ORIGIN, state)
    begin(state, signed(8, 8))
    third = prepare(ORIGIN, state, MLDSA44)
    begin(state, signed(8, 8), MLDSA44)
    prepare(ORIGIN, state)  # it signs nothing yet
    assert begun(ORIGIN, state) == {first.text: 4, second.text: 9, third.text: 9}


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (b"log A\n", b"log A\nlog K\n"),
        (b"# log\nlog A\nlog B\nwitness W x\nquorum none\n", b"# log\nlog A\nlog B\nlog K\nwitness W x\nquorum none\n"),
        (b"log A\nwitness W x\n  log B\nlogs C\n\xff\n", b"log A\nwitness W x\n  log B\nlog K\nlogs C\n\xff\n"),
    ],
)
def test_a_policy_names_a_new_key_after_the_other_keys_of_the_log(policy: bytes, expected: bytes) -> None:
    key: Any = SimpleNamespace(text="K")
    assert with_log(policy, key) == expected
