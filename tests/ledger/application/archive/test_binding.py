"""The log states the manifest of an archive by a registrar's entry, under a head that witnesses of the policy saw."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ledger.application.archive.binding import KIND, Bound, check_statement
from ledger.application.archive.manifest import MANIFEST, digest_of, parse_manifest
from ledger.entries.envelope import EntryPlace
from ledger.errors import RecordError
from ledger.tlog.note import b64
from ledger.tlog.tree import prove_consistency
from ledger.verify.progress import VerificationLog
from tests.ledger.application.archive.archives import narrow_segments
from tests.ledger.application.archive.test_audit_archive import archived, audited
from tests.support.memory_ledger import BEGINS, NOW, ORDER, Hand, Ledger, hand, resealed, small


@pytest.fixture(scope="module", autouse=True)
def narrow() -> Iterator[None]:
    with narrow_segments():
        yield


def state(ledger: Ledger, folder: Path, by: Hand, **said: Any) -> Bound:
    """Archive a ledger, and let `by` state its manifest as the next entry of the register."""
    report, walk = audited(archived(ledger, folder), ledger)
    assert report.problems == []
    data = (folder / MANIFEST).read_bytes()
    manifest = parse_manifest(data)
    fact = {"size": manifest.size, "root": manifest.root, "manifest_digest": digest_of(data), "format": manifest.format}
    ledger.record(by, KIND, fact, **said)
    return Bound(manifest, digest_of(data), report, walk.last)


def checked(ledger: Ledger, bound: Bound, note: bytes | None = None) -> VerificationLog:
    """Check the statement that is the last entry, with honest proofs under a note, by default one without witnesses."""
    index, book = ledger.size - 1, VerificationLog()
    grown = "".join(f"{b64(each)}\n" for each in prove_consistency(bound.manifest.size, ledger.size, ledger.read))
    trust = ledger.trust()
    check_statement(
        bound, ledger.entries[index], ledger.proof(index, note), grown.encode(), trust.policy, trust, None, NOW, book
    )
    return book


def refused(ledger: Ledger, bound: Bound) -> str:
    with pytest.raises(RecordError) as wrong:
        checked(ledger, bound)
    return wrong.value.code


def test_the_registrar_states_the_manifest(tmp_path: Path) -> None:
    ledger, _ = small()
    book = checked(ledger, state(ledger, tmp_path / "archive", ledger.keeper))
    assert book.doubts == []


def other_schema(payload: dict[str, Any]) -> None:
    payload["schema"] = 2


def other_role(payload: dict[str, Any]) -> None:
    payload["signer"]["role"] = "ADM"


def as_registrar(payload: dict[str, Any]) -> None:
    payload["signer"].update(role="ADM", actor="registrar")


ALTERED: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "as it is": (lambda payload: None, "KEY-ROLE"),
    "in a schema that no program knows": (other_schema, "ARC-MANIFEST"),
    "in the role of the registrar": (other_role, "KEY-ROLE"),
    "under the name of the registrar": (as_registrar, "KEY-UNKNOWN"),
}


@pytest.mark.parametrize("behind", [0, 2])
@pytest.mark.parametrize("what", ALTERED)
def test_an_office_with_its_key_and_the_key_of_the_log_states_no_manifest(
    what: str, behind: int, tmp_path: Path
) -> None:
    change, code = ALTERED[what]
    ledger, ilves = small()
    bound = state(ledger, tmp_path / "archive", ilves, role="ISS")
    raw = ledger.entries[-1]
    for _ in range(behind):
        ledger.record(
            ledger.keeper, "authority-changed", {"actor": "ilves", "roles": ["ISS", "VAL"], "valid_from": "2027-01-01"}
        )
    ledger.append(resealed(raw, change, ilves))
    assert refused(ledger, bound) == code


def test_the_statement_of_a_registrar_in_another_log_or_order_is_none(tmp_path: Path) -> None:
    for number, (log, order) in enumerate((("ledger.test/else", None), (None, ORDER))):
        ledger, _ = small()
        place = EntryPlace(log or ledger.origin, order or ledger.registry, 5, "ab" * 32, None)
        bound = state(ledger, tmp_path / str(number), ledger.keeper, place=place)
        assert refused(ledger, bound) == "ARC-MANIFEST"


def test_a_statement_that_no_witness_has_seen_is_a_doubt_where_the_policy_asks_for_them(tmp_path: Path) -> None:
    """Who holds the keys of log and registrar can state a manifest in a view that is shown with the archive alone."""
    ledger, _ = small(witnesses=2)
    bound = state(ledger, tmp_path / "archive", ledger.keeper)
    later = NOW + timedelta(days=1)
    for times in ((), (BEGINS,), (BEGINS, later)):
        book = checked(ledger, bound, ledger.checkpoint(None, *times))
        assert [(reason.code, reason.where) for reason in book.doubts][-1] == ("CP-QUORUM", "archive.tlog-proof"), times
    assert checked(ledger, bound, ledger.checkpoint(None, BEGINS, BEGINS)).doubts == []


def test_a_stranger_states_no_manifest(tmp_path: Path) -> None:
    ledger, _ = small()
    assert refused(ledger, state(ledger, tmp_path / "archive", hand("nemo"), role="ADM")) == "KEY-UNKNOWN"
