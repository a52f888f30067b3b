"""Each step of the verification of a whole log says what it has checked, or why it has nothing to check."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.application.integrity import verify_log as verifying
from ledger.application.integrity.audit import Audit, audit
from ledger.application.integrity.check_run import LISTED
from ledger.application.integrity.log_files import LogFiles
from ledger.application.integrity.verify_log import _check_others, _Files, verify_log
from ledger.errors import RecordError
from ledger.tlog.note import note_digest
from ledger.trust.trust_folder import Sizes, Trust
from ledger.verify.other_records import counterparties
from ledger.verify.progress import VerificationLog
from ledger.verify.report import Report, Verdict, VerificationStep
from tests.ledger.application.integrity.test_audit import shelf_of
from tests.support.memory_ledger import BEGINS, NOW, Ledger, resealed, small


class Log:
    """A ledger of five entries, verified with the files, the trust and the walk that a test gives."""

    def __init__(self, folder: Path, made: Ledger) -> None:
        self.made = made
        self.place = shelf_of(made, folder / "entries.db")
        self.walked: list[Audit] = []

    def verify(self, trust: Trust | None = None, change: Any = None, **files: Any) -> Report:
        """Verify the log; `change` gets what the walk has found."""

        def walk(*given: Any) -> Audit:
            place, origin, registrar, _, times, progress = given
            self.walked.append(audit(place, origin, registrar, times=times, progress=progress, workers=1))
            if change is not None:
                change(self.walked[-1])
            return self.walked[-1]

        made = self.made
        given = {"of": "folder", "origin": made.origin, "place": self.place, "checkpoint": made.checkpoint()}
        return verify_log(LogFiles(**{**given, "policy": made.policy(), **files}), trust, None, NOW, walk=walk)

    def said(self, trust: Trust | None = None, change: Any = None, **files: Any) -> dict[int, tuple[str, str]]:
        report = self.verify(trust or self.made.trust(), change, **files)
        return {step.number: (str(step.result), step.says) for step in report.steps}


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path, small()[0])


def test_each_step_says_how_much_it_has_checked_or_why_it_has_not(log: Log, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", verifying.logger.name)
    said = log.said()
    assert [*said] == [*VerificationStep]
    assert {step: said[step] for step in (1, 3, 8, 9, 10, 11, 13, 14, 16)} == {
        1: ("passed", "5 entries"),
        3: ("not run", "no maker signs for a whole log"),
        8: ("passed", "5 entries in the tree of 5"),
        9: ("passed", "5 signatures"),
        10: ("passed", "each order whole from its first entry on"),
        11: ("passed", "2 keys of 2 offices"),
        13: ("not run", "sealed values stay closed"),
        14: ("not run", "documents are not looked at"),
        16: ("not run", "the law is asked order by order"),
    }
    own = [record for record in caplog.records if record.name == verifying.logger.name]
    assert len(own) == len(said)

    def rests(walked: Audit) -> None:
        walked.rests = 3

    assert log.said(change=rests)[10] == ("passed", "each order whole from where it was at entry 3 on")


def test_without_a_checkpoint_no_witness_is_asked_and_no_entry_is_covered(log: Log) -> None:
    report = log.verify(log.made.trust(), checkpoint=None)
    said = {step.number: (str(step.result), step.says) for step in report.steps}
    assert said[VerificationStep.WITNESSES] == ("not run", "there is no checkpoint")
    assert (report.head, report.head_seen, report.entries, report.not_covered) == (None, None, 0, 5)
    assert [reason.code for reason in report.reasons] == ["CP-SIG"]


def test_a_head_is_reported_with_the_time_at_which_its_witnesses_saw_it(tmp_path: Path) -> None:
    log = Log(tmp_path, small(witnesses=1)[0])
    report = log.verify(log.made.trust(), checkpoint=log.made.checkpoint(None, BEGINS))
    assert (report.verdict, report.head_seen) == (Verdict.PASSED, BEGINS)
    assert report.head is not None
    assert (report.head.checkpoint.size, report.entries, report.not_covered) == (5, 5, 0)


def test_an_entry_on_keys_of_a_later_version_leaves_the_verdict_open(tmp_path: Path) -> None:
    def later(payload: dict[str, Any]) -> None:
        payload.update(schema=2, public={"actor": 7})

    ledger, _ = small()
    ledger.record(ledger.keeper, "key-revoked", {"actor": "ilves", "cause": "lost"})
    raw = resealed(ledger.entries.pop(), later, ledger.keeper)
    ledger, _ = small()
    ledger.append(raw)
    log = Log(tmp_path, ledger)
    report = log.verify(ledger.trust())
    assert report.verdict is Verdict.INDETERMINATE
    assert [(reason.code, reason.where) for reason in report.reasons] == [("KEY-SCHEMA", "#5")]
    assert report.steps[VerificationStep.KEYS - 1].result == "indeterminate"


def test_a_head_is_refused_of_a_size_that_a_signed_policy_does_not_let_its_key_sign(log: Log) -> None:
    (key,) = log.made.trust().policy.logs
    for end, verdict in ((6, Verdict.PASSED), (5, Verdict.FAILED)):
        report = log.verify(replace(log.made.trust(), sizes={key.text: Sizes(0, end)}))
        assert report.verdict is verdict
    assert [reason.code for reason in report.reasons] == ["CP-KEY"]
    assert report.steps[VerificationStep.CHECKPOINTS - 1].result == "failed"
    assert report.head is not None


def test_two_signed_trees_of_one_size_are_a_contradiction_of_the_history(log: Log) -> None:
    notes = [log.made.checkpoint(3), log.made.checkpoint(3, root=bytes(32))]
    report = log.verify(log.made.trust(), heads={note_digest(note): note for note in notes})
    (failed,) = [step.number for step in report.steps if step.result == "failed"]
    assert (report.verdict, failed) == (Verdict.FAILED, VerificationStep.HISTORY)


def test_a_log_whose_first_entry_is_no_bytes_is_damaged(log: Log) -> None:
    store: Any = SimpleNamespace(size=lambda: 5, first=lambda order: None, at=lambda index: 7, close=lambda: None)
    report = log.verify(log.made.trust(), entries=lambda: store, entries_at="there")
    assert [(each.code, each.where) for each in report.reasons] == [("LOG-CORRUPT", "there")]
    assert (log.walked, report.steps[VerificationStep.PROOFS - 1].result) == ([], "failed")


def test_an_empty_log_without_a_registrar_is_not_walked(tmp_path: Path) -> None:
    log = Log(tmp_path, Ledger())
    report = log.verify(replace(log.made.trust(), registrar=None))
    assert (log.walked, report.entries, report.signatures) == ([], 0, 0)
    assert report.steps[VerificationStep.PROOFS - 1].says == "0 entries in the tree of 0"


# -- an archive --------------------------------------------------------------------------------------------------------


class Archive:
    """The checks of an archive; `wrong` names the one that fails."""

    def __init__(self, wrong: str = "") -> None:
        self.wrong = wrong
        self.bound: list[Any] = []

    def check_manifest(self, book: VerificationLog) -> None:
        book.says("the manifest is checked")
        if self.wrong == "manifest":
            raise RecordError("ARC-MANIFEST", "wrong")

    def check_bound(self, *given: Any) -> None:
        self.bound.append(given)
        if self.wrong == "bound":
            raise RecordError("ARC-MANIFEST", "wrong")


def test_of_an_archive_the_manifest_and_what_the_log_states_of_it_are_checked(log: Log) -> None:
    archive, trust = Archive(), log.made.trust()
    said = log.said(trust, archive=archive)
    assert said[VerificationStep.MANIFEST] == ("passed", "the manifest is checked")
    assert said[VerificationStep.OTHER_RECORDS] == ("not run", "an archive has no files of other records")
    ((walked, states, policy, given, mldsa, now, _),) = archive.bound
    assert (walked, policy, given, mldsa, now) == (log.walked[0], trust.policy, trust, None, NOW)
    assert states.head.checkpoint.size == 5
    for wrong, step in (("manifest", VerificationStep.MANIFEST), ("bound", VerificationStep.COMPLETENESS)):
        said = log.said(trust, archive=Archive(wrong))
        assert [number for number, (result, _) in said.items() if result == "failed"] == [step]


# -- what later steps are given ----------------------------------------------------------------------------------------


def test_entries_on_other_records_are_judged_by_the_trust_or_else_by_the_policy_of_the_log(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Any] = []
    monkeypatch.setattr(verifying, "_check_others", lambda *more: given.append(more))
    trust, other = log.made.trust(), small(origin="ledger.test/other")[0].trust()
    log.verify(replace(trust, others=(other,)))
    log.verify(None)
    assert [(each.policy, each.registrar) for each in given[0][3]] == [
        (trust.policy, trust.registrar),
        (other.policy, other.registrar),
    ]
    assert [(each.policy, each.raw, each.registrar) for each in given[1][3]] == [
        (trust.policy, log.made.policy(), None)
    ]
    assert (given[0][1], given[0][5]) == (log.walked[0], NOW)


def test_the_policy_is_compared_with_the_changes_of_witnesses_alone(tmp_path: Path) -> None:
    for newer in (False, True):
        ledger, ilves = small()
        ledger.record(ledger.keeper, "key-revoked", {"actor": ilves.actor, "cause": "lost"})
        sha256 = "ab" * 32 if newer else hashlib.sha256(ledger.policy()).hexdigest()
        text = {"code": "policy", "media": "text/plain", "size": 1, "sha256": sha256}
        ledger.record(ledger.keeper, "witness-changed", {"policy_text": text})
        (tmp_path / str(newer)).mkdir()
        log = Log(tmp_path / str(newer), ledger)
        for enclosed in (ledger.policy(), b"# another\n", None):
            report = log.verify(ledger.trust(), policy=enclosed)
            assert [reason.code for reason in report.reasons] == (["POL-NEWER"] if newer else [])


def test_statements_of_auditors_are_read_where_the_log_has_signed_anything(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[Any] = []

    def stated(*more: Any) -> tuple[str, ...]:
        given.append(more)
        return ("stated",)

    monkeypatch.setattr(verifying, "_check_audits", stated)
    trust = log.made.trust()
    assert log.verify(trust).audits == ("stated",)  # type: ignore[comparison-overlap]
    assert given[0][1] is trust
    assert log.verify(trust, checkpoint=None).audits == ()
    assert log.verify(trust, archive=Archive()).audits == ()
    assert len(given) == 1


@pytest.mark.parametrize(("count", "listed"), [(LISTED, True), (LISTED + 1, False)])
def test_the_brackets_of_a_short_log_are_listed(count: int, listed: bool, log: Log) -> None:
    def many(walked: Audit) -> None:
        walked.noted.entries = count

    report = log.verify(log.made.trust(), many)
    assert len(report.brackets) == (5 if listed else 0)


def test_the_files_of_other_records_have_no_name_that_is_not_there() -> None:
    files: Any = SimpleNamespace(foreign={"a": b"A"}.get, foreign_names=lambda: ["a", "b"])
    found = _Files(files)
    assert [name in found for name in ("a", "b", "c")] == [True, False, False]


@pytest.mark.parametrize("naming", [[], [4]])
def test_arrived_entries_are_compared_with_the_entries_of_this_log(
    naming: list[int], log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = log.made
    envelope = json.loads(made.entries[4])
    envelope["signatures"][0]["sig"] = json.loads(made.entries[0])["signatures"][0]["sig"]
    forged = json.dumps(envelope, separators=(",", ":"), sort_keys=True).encode()
    asked: list[Any] = []

    def arrived(wrappers: Any, foreign: Any, here: Any, logs: Any, book: object) -> Iterator[Any]:
        asked.append((list(wrappers), here.entry("ab" * 32), here.entry("cd" * 32)))
        asked.append(here.keyring)
        yield SimpleNamespace(inner=None)
        for kind, leaf in (("order-issued", "known"), ("of-later", "unknown")):
            payload = SimpleNamespace(kind=kind, schema=1)
            yield SimpleNamespace(inner=SimpleNamespace(payload=payload, leaf=leaf))

    def other_logs(trusts: object, registers: object, now: object, mldsa: object) -> object:
        asked.append(registers)
        return "logs"

    monkeypatch.setattr(verifying, "known", lambda payload: None if payload.kind == "of-later" else payload)
    monkeypatch.setattr(verifying, "OtherLogs", other_logs)
    monkeypatch.setattr(counterparties, "check_successor", lambda *more: asked.append(more[0]))
    monkeypatch.setattr(counterparties, "check_arrived", arrived)
    store: Any = SimpleNamespace(by_leaf=lambda leaf: (4, forged) if leaf == b"\xab" * 32 else None)
    files: Any = SimpleNamespace(registers=lambda: "registers")
    keyring: Any = object()
    walked = Audit(5, keyring=keyring)
    walked.noted.naming = naming
    times: Any = SimpleNamespace(before=lambda index, moment: True)
    unused: Any = None
    _check_others(files, walked, store, (), times, NOW, None, unused)
    registers, changes, (wrappers, found, none), given = asked
    assert (registers, changes, wrappers) == ("registers" if naming else {}, {}, naming)
    assert (found.payload.kind, none, given) == ("order-issued", None, keyring)
    assert walked.noted.unknown == ["unknown"]
    asked.clear()
    walked.keyring = None
    _check_others(files, walked, store, (), times, NOW, None, unused)
    assert asked == []
