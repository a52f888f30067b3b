"""Whatever is wrong with a ledger is in the result of its audit; one that is written to is read again."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.audits import ask_ledger
from cli.audits.ask_ledger import PAUSE, TRIES, _audited, _rests, _stated_origin, audit_ledger
from ledger.adapters.folders.ledger_folder import STORE
from ledger.application.audits.results import Audited, AuditedLedger, AuditTask, AuditVerdict
from ledger.application.integrity.continued_audit import ContinuedAudit
from ledger.errors import LedgerError, RecordError

NOW = datetime(2027, 6, 1, 12, tzinfo=UTC)
LOG = "ledger.example/xo/karsk"
DONE = Audited(AuditedLedger("/srv/karsk", LOG, "", AuditVerdict.PASSED, [], trusted=True))


def task(place: Path | str, expected: str = "", store: str = "", trusts: tuple[Any, ...] = ()) -> AuditTask:
    return AuditTask(str(place), trusts, "state", NOW, NOW, expected, "Karsk", store)


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    seconds: list[float] = []
    monkeypatch.setattr(ask_ledger, "time", SimpleNamespace(sleep=seconds.append))
    return seconds


@pytest.mark.parametrize("times", range(TRIES + 2))
def test_a_ledger_that_is_written_to_is_read_again_some_times(
    times: int, slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = [LedgerError("BUSY", "it is written to")] * times

    def audited(asked: AuditTask) -> Audited:
        if faults:
            raise faults.pop()
        return DONE

    monkeypatch.setattr(ask_ledger, "_audited", audited)
    result = audit_ledger(task("/srv/karsk", LOG))
    if times < TRIES:
        assert result == DONE
        assert slept == [PAUSE] * times
        return
    assert len(slept) == TRIES - 1
    ledger = result.ledger
    assert (ledger.verdict, ledger.reasons[0].code, ledger.log) == (AuditVerdict.NOT_READ, "BUSY", LOG)


@pytest.mark.parametrize(
    ("fault", "code", "where", "says"),
    [
        (RecordError("LOG-CORRUPT", "it is damaged", where="#3"), "LOG-CORRUPT", "#3", "it is damaged"),
        (LedgerError("NO-LEDGER", "it is not there"), "NO-LEDGER", "", "it is not there"),
        (OSError(5, "Input/output error", "a/file"), "DISK-ERROR", "", "a/file: input/output error"),
        (OSError("Odd"), "DISK-ERROR", "", "/srv/karsk: odd"),
    ],
)
def test_a_ledger_that_cannot_be_read_says_why(
    fault: Exception, code: str, where: str, says: str, slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    def audited(asked: AuditTask) -> Audited:
        raise fault

    monkeypatch.setattr(ask_ledger, "_audited", audited)
    (reason,) = audit_ledger(task("/srv/karsk")).ledger.reasons
    assert (reason.code, reason.where, reason.says, slept) == (code, where, says, [])


def test_a_place_that_is_no_folder_is_no_ledger(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path / "gone", tmp_path / "file"):
        with pytest.raises(LedgerError, match="NO-LEDGER"):
            _audited(task(place))


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return how each place was read, and under which trust."""
    said: list[Any] = []

    def by(how: str) -> Any:
        def verified(asked: AuditTask, log: str, trust: Any) -> Audited:
            said.append((how, log, trust))
            return DONE

        return verified

    monkeypatch.setattr(ask_ledger, "_published", by("published"))
    monkeypatch.setattr(ask_ledger, "_handed", by("handed"))
    monkeypatch.setattr(ask_ledger, "_stated_origin", lambda place, published: LOG)
    return said


@pytest.mark.parametrize(
    ("files", "store", "how"),
    [
        (("checkpoint",), "", "published"),
        (("checkpoint", "entries.db"), "", "handed"),
        (("checkpoint", "store"), "", "handed"),
        (("checkpoint",), "postgresql://x", "handed"),
        (("entries.db",), "", "handed"),
        ((), "", "handed"),
    ],
)
def test_a_folder_with_a_checkpoint_and_no_entries_is_a_published_log(
    files: tuple[str, ...], store: str, how: str, tmp_path: Path, read: list[Any]
) -> None:
    for name in files:
        (tmp_path / name.replace("store", STORE)).touch()
    assert _audited(task(tmp_path, store=store)) == DONE
    assert read == [(how, LOG, None)]


def test_an_address_is_a_published_log_under_the_trust_that_names_it(read: list[Any]) -> None:
    other, ours, later = (
        SimpleNamespace(policy=SimpleNamespace(logs=[SimpleNamespace(name=name)])) for name in ("x", LOG, LOG)
    )
    for url in ("https://ledger.example", "http://ledger.example"):
        assert _audited(task(url, expected=LOG, trusts=(other, ours, later))) == DONE
    assert read == [("published", LOG, ours)] * 2


def test_another_log_than_the_list_names_has_failed(read: list[Any]) -> None:
    result = _audited(task("https://ledger.example", expected="ledger.example/else"))
    assert (result.ledger.verdict, result.ledger.reasons[0].code) == (AuditVerdict.FAILED, "CP-ORIGIN")
    assert read == []


def test_the_origin_is_that_of_the_policy_else_of_the_checkpoint(tmp_path: Path) -> None:
    assert _stated_origin(str(tmp_path), False) == ""
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "checkpoint").write_bytes(f"{LOG}\n9\n".encode())
    assert _stated_origin(str(tmp_path), False) == LOG
    (tmp_path / "trust").mkdir()
    (tmp_path / "trust" / "policy").write_bytes(b"no policy")
    assert _stated_origin(str(tmp_path), False) == LOG
    (tmp_path / "checkpoint").write_bytes(b"ledger.example/published\xff\n9\n")
    assert _stated_origin(str(tmp_path), True) == "ledger.example/published\ufffd"


def test_only_a_continued_audit_rests_on_something() -> None:
    kept: Any = None
    walk: Any = ContinuedAudit(kept, rests=7)
    other: Any = ask_ledger._read_all
    assert (_rests(walk), _rests(other)) == (7, 0)
