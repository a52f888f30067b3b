"""A note that is not the one its name says is refused at its place, wherever the notes of a record are."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ledger.bundle.layout import Arranged
from ledger.errors import RecordError
from ledger.formats.ed25519 import public_key
from ledger.tlog.note import Vkey, log_vkey, parse_vkey
from ledger.verify.heads import check_sizes, open_heads
from ledger.verify.progress import VerificationLog
from tests.support.memory_ledger import small

LEDGER, _ = small()


@pytest.mark.parametrize(
    ("places", "where"),
    [
        ({}, f"{LEDGER.folder}/heads/"),
        ({"here": "log"}, "log/heads/"),
        ({"kept": "heads.db/"}, "heads.db/"),
        ({"here": "log", "kept": "heads.db/"}, "heads.db/"),
    ],
)
def test_a_note_under_another_digest_is_refused_at_its_place(places: dict[str, str], where: str) -> None:
    parts = Arranged(checkpoint=LEDGER.checkpoint(), heads={"ab" * 32: LEDGER.checkpoint(3)})
    with pytest.raises(RecordError, match="CP-FORMAT") as refused:
        open_heads(parts, LEDGER.origin, LEDGER.trust().policy, VerificationLog(), None, **places)  # type: ignore[arg-type]
    assert refused.value.where == f"{where}{'ab' * 32}"


def test_a_record_of_a_log_that_the_policy_does_not_know_is_refused() -> None:
    parts = Arranged(checkpoint=LEDGER.checkpoint())
    for places, where in (({}, "logs/"), ({"here": "log"}, "log/checkpoint")):
        with pytest.raises(RecordError, match="CP-ORIGIN") as refused:
            open_heads(parts, "ledger.test/x", LEDGER.trust().policy, VerificationLog(), None, **places)  # type: ignore[arg-type]
        assert refused.value.where.startswith(where)


def keys_of(*names: str) -> list[Vkey]:
    return [parse_vkey(log_vkey("ledger.test/xo/karsk", public_key(name.encode() * 32))) for name in names]


def signed_heads(*signed: tuple[int, tuple[Vkey, ...]]) -> Any:
    every = {str(size): SimpleNamespace(checkpoint=SimpleNamespace(size=size)) for size, _ in signed}
    by = {str(size): frozenset(keys) for size, keys in signed}
    return SimpleNamespace(all=every, signed_by=by, where=lambda digest: f"heads/{digest}")


def test_each_note_is_signed_by_a_key_for_its_size_and_others_may_sign_too() -> None:
    old, new = keys_of("a", "b")
    trust: Any = SimpleNamespace(sizes={old.text: 1}, signs=lambda key, size: (size < 5) == (key is old))
    check_sizes(signed_heads((4, (old,)), (5, (new,)), (3, (old, new)), (9, (old, new))), trust)
    for wrong in ((5, (old,)), (4, (new,)), (4, ())):
        with pytest.raises(RecordError, match="CP-KEY") as refused:
            check_sizes(signed_heads((3, (old,)), wrong), trust)
        assert refused.value.where == f"heads/{wrong[0]}"
    check_sizes(signed_heads((5, (old,))), None)
    check_sizes(signed_heads((5, (old,))), SimpleNamespace(sizes={}, signs=lambda key, size: False))  # type: ignore[arg-type]
