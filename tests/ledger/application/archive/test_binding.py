"""The log states the manifest of an archive by a registrar's entry, under a head that witnesses of the policy saw."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.application.archive.binding import KIND, Bound, check_statement
from ledger.application.archive.manifest import ENTRY, GROWN, MANIFEST, PROOF, digest_of, parse_manifest
from ledger.entries.envelope import EntryPlace, open_
from ledger.entries.placement import Link
from ledger.errors import RecordError
from ledger.tlog.note import b64
from ledger.tlog.tree import prove_consistency
from ledger.trust.trust_folder import Sizes
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


def checked(ledger: Ledger, bound: Bound, note: bytes | None = None, **given: Any) -> VerificationLog:
    """Check the statement that is the last entry, with honest proofs under a note, by default one without witnesses."""
    index, book = ledger.size - 1, VerificationLog()
    grown = "".join(f"{b64(each)}\n" for each in prove_consistency(bound.manifest.size, ledger.size, ledger.read))
    trust = ledger.trust()
    files = {"entry": ledger.entries[index], "proof": ledger.proof(index, note), "grown": grown.encode()}
    asked = {**files, "policy": trust.policy, "trust": trust, "mldsa": None, "now": NOW, **given}
    check_statement(bound, book=book, **asked)
    return book


def wrong(ledger: Ledger, bound: Bound, **given: Any) -> RecordError:
    with pytest.raises(RecordError) as wrong:
        checked(ledger, bound, **given)
    return wrong.value


def refused(ledger: Ledger, bound: Bound) -> str:
    return wrong(ledger, bound).code


def test_the_registrar_states_the_manifest(tmp_path: Path) -> None:
    ledger, _ = small()
    bound = state(ledger, tmp_path / "archive", ledger.keeper)
    book = checked(ledger, bound)
    assert (book.doubts, book.detail) == ([], "entry 5 of the log states the manifest")
    assert refused(ledger, replace(bound, last=Link(7, "ab" * 32, None))) == "CTX-CHAIN"
    assert checked(ledger, replace(bound, last=None)).doubts == []


@pytest.mark.parametrize("here", ["", "entry", "proof", "grown", "entry proof", "entry grown", "proof grown"])
def test_without_the_entry_or_one_of_its_proofs_it_is_a_doubt_which_names_the_first_that_is_missing(
    here: str, tmp_path: Path
) -> None:
    ledger, _ = small()
    bound = state(ledger, tmp_path / "archive", ledger.keeper)
    names = {"entry": ENTRY, "proof": PROOF, "grown": GROWN}
    missing = {name: None for name in names if name not in here.split()}
    (doubt,) = checked(ledger, bound, **missing).doubts
    assert (doubt.code, doubt.where) == ("ARC-UNBOUND", names[next(iter(missing))])


def test_a_damaged_entry_or_proof_is_refused_with_its_name(tmp_path: Path) -> None:
    ledger, _ = small()
    bound = state(ledger, tmp_path / "archive", ledger.keeper)
    bare = wrong(ledger, bound, entry=b"no entry")
    assert (bare.code[:3], bare.where) == ("ENV", ENTRY)
    other = ledger.proof(4)
    path = wrong(ledger, bound, proof=other.replace(b"index 4", b"index 5"))
    assert (path.code[:3], path.where) == ("PRF", PROOF)
    grown = "".join(f"{b64(each)}\n" for each in prove_consistency(4, ledger.size, ledger.read))
    shown = wrong(ledger, bound, grown=grown.encode())
    assert (shown.code, shown.where) == ("CP-CONSISTENCY", GROWN)


def test_a_value_in_no_form_of_its_kind_is_refused_with_the_name_of_the_entry(tmp_path: Path) -> None:
    ledger, _ = small()
    bound = state(ledger, tmp_path / "archive", ledger.keeper)

    def change(payload: dict[str, Any]) -> None:
        payload["public"]["size"] = "five"

    formless = wrong(ledger, bound, entry=resealed(ledger.entries[-1], change, ledger.keeper))
    assert (formless.code, formless.where) == ("FACT", ENTRY)


@pytest.mark.parametrize("field", ["manifest_digest", "size", "root"])
def test_an_entry_that_states_another_digest_size_or_root_is_refused(field: str, tmp_path: Path) -> None:
    ledger, _ = small()
    bound = state(ledger, tmp_path / "archive", ledger.keeper)

    def change(payload: dict[str, Any]) -> None:
        payload["public"][field] = 4 if field == "size" else "ab" * 32

    ledger.append(resealed(ledger.entries[-1], change, ledger.keeper))
    another = wrong(ledger, bound)
    assert (another.code, another.where) == ("ARC-MANIFEST", ENTRY)
    assert another.says == "the log states another manifest than the one here"


def test_an_entry_that_the_archive_has_itself_does_not_state_its_manifest(tmp_path: Path) -> None:
    ledger, _ = small()
    bound = state(ledger, tmp_path / "archive", ledger.keeper)
    within = replace(bound, manifest=replace(bound.manifest, size=6))
    assert "after the archive's entries" in wrong(ledger, within).says
    with pytest.raises(RecordError, match="states another manifest"):
        checked(ledger, replace(bound, manifest=replace(bound.manifest, size=5, root="ab" * 32)))


def test_an_entry_behind_further_ones_of_the_register_states_the_manifest(tmp_path: Path) -> None:
    ledger, _ = small()
    bound = state(ledger, tmp_path / "archive", ledger.keeper)
    fact = open_(ledger.entries[-1]).payload.public
    ledger.record(ledger.keeper, KIND, fact)
    assert checked(ledger, bound).detail == "entry 6 of the log states the manifest"


def test_without_a_registrar_to_trust_no_role_is_asked_for(tmp_path: Path) -> None:
    ledger, ilves = small()
    bound = state(ledger, tmp_path / "archive", ilves, role="ISS")
    assert refused(ledger, bound) == "KEY-ROLE"
    walked = copy(bound.walked)
    walked.keyring = None
    assert checked(ledger, replace(bound, walked=walked)).doubts == []


def test_a_head_is_refused_that_a_signed_policy_does_not_let_its_key_sign(tmp_path: Path) -> None:
    ledger, _ = small()
    bound = state(ledger, tmp_path / "archive", ledger.keeper)
    (key,) = ledger.trust().policy.logs
    for end in (6, 7):
        trust = replace(ledger.trust(), sizes={key.text: Sizes(0, end)})
        if end == 7:
            assert checked(ledger, bound, trust=trust).doubts == []
        else:
            assert wrong(ledger, bound, trust=trust).code == "CP-KEY"
    assert checked(ledger, bound, trust=None).doubts == []


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
    for seconds, codes in ((300, []), (301, ["CP-QUORUM"])):
        ahead = ledger.checkpoint(None, BEGINS, NOW + timedelta(seconds=seconds))
        assert [reason.code for reason in checked(ledger, bound, ahead).doubts] == codes, seconds


def test_a_stranger_states_no_manifest(tmp_path: Path) -> None:
    ledger, _ = small()
    assert refused(ledger, state(ledger, tmp_path / "archive", hand("nemo"), role="ADM")) == "KEY-UNKNOWN"
