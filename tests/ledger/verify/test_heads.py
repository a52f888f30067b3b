"""A note that is not the one its name says is refused at its place, wherever the notes of a record are."""

from __future__ import annotations

import pytest

from ledger.bundle.layout import Arranged
from ledger.errors import RecordError
from ledger.verify.heads import open_heads
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
