"""Each state that a log has signed is compared with the tree of its entries, and the newest one is looked for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ledger.application.integrity.signed_states import arranged_states, compare_states, open_states
from ledger.errors import RecordError
from ledger.tlog.note import Checkpoint
from ledger.tlog.tree import EMPTY_ROOT
from ledger.trust.held import HeldCheckpoint
from ledger.verify import heads
from tests.support.hash_log import HashLog

LOG = HashLog(size=9)
OTHER = LOG.fork(2, 9)


def files(checkpoint: bytes | None, **heads: bytes) -> Any:
    made = SimpleNamespace(checkpoint=checkpoint, heads=heads, tokens={"t": b"token"}, origin=LOG.origin)
    made.log_at, made.heads_at = "log", "heads.db"
    return made


def test_the_published_checkpoint_is_the_newest_state_whatever_else_is_kept() -> None:
    parts = arranged_states(files(LOG.note(3), a=LOG.note(8)))
    assert (parts.checkpoint, parts.heads, parts.tokens) == (LOG.note(3), {"a": LOG.note(8)}, {"t": b"token"})


@pytest.mark.parametrize(
    ("kept", "newest"),
    [
        ({}, b""),
        ({"a": LOG.note(3)}, LOG.note(3)),
        ({"a": LOG.note(3), "b": LOG.note(8), "c": LOG.note(5)}, LOG.note(8)),
        ({"a": b"words", "b": LOG.note(3)}, LOG.note(3)),
        ({"a": b"words"}, b"words"),  # opening it raises the error
        ({"a": b"\xff\n3\n"}, b"\xff\n3\n"),
    ],
)
def test_the_kept_state_of_most_entries_takes_the_place_of_a_missing_checkpoint(
    kept: dict[str, bytes], newest: bytes
) -> None:
    assert arranged_states(files(None, **kept)).checkpoint == newest


@pytest.mark.parametrize(("checkpoint", "doubts"), [(None, 1), (b"", 0)])
def test_a_log_without_any_signed_state_is_empty_and_its_missing_checkpoint_a_doubt(
    checkpoint: bytes | None, doubts: int
) -> None:
    book: Any = SimpleNamespace(said=[])
    book.doubt = lambda *words: book.said.append(words)
    policy: Any = SimpleNamespace(logs=[SimpleNamespace(name="another"), LOG.key])
    given = files(checkpoint)
    states = open_states(arranged_states(given), given, policy, None, None, book)
    assert states.head.checkpoint == Checkpoint(LOG.origin, 0, EMPTY_ROOT)
    assert [(code, where) for code, _, where in book.said] == [("CP-SIG", "log/checkpoint")] * doubts


def test_a_policy_without_the_log_opens_none_of_its_states() -> None:
    policy: Any = SimpleNamespace(logs=[SimpleNamespace(name="another")])
    given, nothing = files(LOG.note(3)), SimpleNamespace()
    with pytest.raises(RecordError, match="the policy knows no log") as refused:
        open_states(arranged_states(given), given, policy, None, None, nothing)  # type: ignore[arg-type]
    assert (refused.value.code, refused.value.where) == ("CP-ORIGIN", "log/checkpoint")


@pytest.mark.parametrize(("own", "trust"), [(True, None), (False, object())])
def test_states_are_opened_as_our_own_unless_there_is_trust_from_outside(
    own: bool, trust: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[dict[str, Any]] = []
    monkeypatch.setattr(heads, "open_heads", lambda *_, **more: opened.append(more))
    policy: Any = SimpleNamespace(logs=[LOG.key])
    given, book = files(LOG.note(3)), SimpleNamespace()
    open_states(arranged_states(given), given, policy, trust, None, book)  # type: ignore[arg-type]
    assert opened == [{"own": own, "here": "log", "kept": "heads.db"}]


def compared(
    *states: tuple[int, bytes],
    anchor: tuple[int, bytes] | None = None,
    walked: int = 7,
    size: int = 7,
    typed: bool = False,
) -> list[tuple[str, str]]:
    """Compare states with a log of `size` entries, of which `walked` were read, with the root of the first 3 noted."""
    frontier = SimpleNamespace(size=walked, root=lambda: LOG.root(7))
    audit: Any = SimpleNamespace(size=size, frontier=frontier, roots={3: LOG.root(3)})
    reader: Any = SimpleNamespace(hashes=LOG.read)
    all_ = {str(n): SimpleNamespace(checkpoint=Checkpoint(LOG.origin, *state)) for n, state in enumerate(states)}
    head = SimpleNamespace(checkpoint=Checkpoint(LOG.origin, 0, LOG.root(0)))
    signed: Any = SimpleNamespace(all=all_, head=head, where=lambda digest: f"state {digest}")
    held = HeldCheckpoint(Checkpoint(LOG.origin, *anchor), confirmed=not typed) if anchor else None
    return [(each.code, each.where) for each in compare_states(audit, reader, signed, held)]


def test_states_of_the_entries_are_no_problem() -> None:
    states = [(n, LOG.root(n)) for n in range(8)]
    assert compared(*states) == []
    for state in states:
        assert compared(anchor=state) == []


@pytest.mark.parametrize("size", [0, 1, 3, 6, 7])
def test_a_state_of_other_entries_is_corrupt_and_a_checkpoint_that_was_held_a_mismatch(size: int) -> None:
    wrong = (size, bytes(32))
    assert compared((2, LOG.root(2)), wrong) == [("LOG-CORRUPT", "state 1")]
    assert [code for code, _ in compared((2, LOG.root(2)), anchor=wrong)] == ["ANCHOR-MISMATCH"]
    assert [code for code, _ in compared((2, LOG.root(2)), anchor=wrong, typed=True)] == ["ANCHOR-TYPED"]
    assert compared(wrong, walked=6) == [], "entries that were not read are compared with nothing"


def test_a_state_of_more_entries_than_there_are_is_a_log_that_went_back() -> None:
    assert compared((8, LOG.root(8)), (7, LOG.root(7))) == [("LOG-ROLLBACK", "state 0")]
    assert compared((8, LOG.root(8)), walked=6) == [("LOG-ROLLBACK", "state 0")]
    assert [code for code, _ in compared(anchor=(9, OTHER.root(9)))] == ["LOG-ROLLBACK"]
