"""Two heads of one log agree, are not proven to be one, or contradict each other; a contradiction is kept."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.adapters.log.checkpoints import PublishedHead
from ledger.adapters.witness.followed_logs import followed
from ledger.application.audits import seen_heads
from ledger.application.audits.seen_heads import _ask, _is_wrong, compare_heads, compare_views
from ledger.errors import LedgerError, RecordError
from ledger.tlog.note import Checkpoint, Head, format_checkpoint, open_checkpoint, sign_note
from ledger.tlog.tree import EMPTY_ROOT
from ledger.verify.report import Reason
from tests.support.files.published_tiles import fetched, files_of
from tests.support.memory_ledger import Ledger, hand, small, two_histories

NOW = datetime(2027, 6, 1, 12, tzinfo=UTC)


def head(ledger: Ledger, size: int | None = None, root: bytes | None = None) -> Head:
    note = ledger.checkpoint(size, root=root)
    return open_checkpoint(note, ledger.origin, ledger.trust().policy.logs, ())


def empty(ledger: Ledger, root: bytes) -> Head:
    body = format_checkpoint(Checkpoint(ledger.origin, 0, root))
    note = sign_note(body, ledger.origin, ledger.log.seed).encode()
    return open_checkpoint(note, ledger.origin, ledger.trust().policy.logs, ())


def compared(ledger: Ledger, ours: Head, theirs: Head, evidence: Path) -> str:
    trust = ledger.trust()
    return compare_views(ours, theirs, fetched(files_of(ledger)), trust, ledger.origin, evidence)


def test_a_head_that_the_log_continues_says_nothing_and_a_larger_one_is_a_doubt(tmp_path: Path) -> None:
    ledger, _, _ = two_histories()
    ours = head(ledger)
    for size in range(1, ledger.size + 1):
        assert compared(ledger, ours, head(ledger, size), tmp_path) == ""
    says = compared(ledger, head(ledger, 2), ours, tmp_path)
    assert says == f"it has seen {ledger.size} entries, and 2 are here: not the newest copy, or turned back"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("size", [-1, 0])
def test_another_tree_is_a_contradiction_whose_exhibit_is_kept(tmp_path: Path, size: int) -> None:
    ledger, _, _ = two_histories()
    with pytest.raises(LedgerError) as raised:
        compared(ledger, head(ledger), head(ledger, ledger.size + size, bytes([7]) * 32), tmp_path / "evidence")
    assert raised.value.code == "SPLIT-VIEW"
    kept = sorted(path.suffixes[-1] for path in (tmp_path / "evidence").iterdir())
    assert kept == [".json", ".note", ".note"]


def test_an_empty_tree_is_continued_by_every_log_and_has_one_root(tmp_path: Path) -> None:
    ledger, _ = small()
    assert compared(ledger, head(ledger), empty(ledger, EMPTY_ROOT), tmp_path) == ""
    with pytest.raises(RecordError):
        empty(ledger, bytes(32))


def test_each_witness_agrees_doubts_or_proves_and_none_hides_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, _, _ = two_histories()
    other = Ledger()
    for raw in (*ledger.entries, b"more"):
        other.append(raw)
    theirs = {
        "http://a": head(ledger, 1),
        "http://b": head(ledger, ledger.size, bytes(32)),
        "http://c": head(other),
        "http://d": head(ledger, 2),
    }
    monkeypatch.setattr(seen_heads, "remembered", lambda policy, keys: theirs)
    wrong: list[Reason] = []
    doubts: list[Reason] = []
    fetch: Any = fetched(files_of(ledger))
    assert _ask(head(ledger), ledger.trust(), ledger.origin, fetch, tmp_path / "e", wrong, doubts) == 2
    assert [(each.code, each.where) for each in wrong] == [("SPLIT-VIEW", "http://b")]
    assert [(each.code, each.where) for each in doubts] == [("LOG-ROLLBACK", "http://c")]


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        *((code, True) for code in ("SPLIT-VIEW", "SPLIT-ORDER", "LOG-CORRUPT", "LOG-FORKED", "CP-CONSISTENCY")),
        *((code, True) for code in ("LOG-ROLLBACK", "CP-SIG", "CP-KEY", "CP-ORIGIN", "CP-FORMAT", "LOG-TILE")),
        *((code, False) for code in ("LOG-UNREACHABLE", "HTTP-SILENT", "DISK-ERROR", "CP-QUORUM", "LOG")),
    ],
)
def test_only_what_the_log_has_signed_or_published_wrongly_is_wrong(code: str, wrong: bool) -> None:
    assert _is_wrong(code) == wrong


@pytest.mark.parametrize(
    ("alarms", "kept", "ask", "asked"),
    [
        ([], True, True, True),
        ([], True, False, False),
        ([], False, True, False),
        (["SPLIT-VIEW", "HTTP-SILENT", "CP-SIG"], True, True, False),
        (["HTTP-SILENT"], True, True, False),
    ],
)
def test_witnesses_are_asked_about_a_head_that_contradicts_none_seen_before(
    alarms: list[str], kept: bool, ask: bool, asked: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, _ = small()
    others = [SimpleNamespace(code=code, says=f"{code} it is") for code in alarms]
    evidence: list[Path] = []

    def answer(head: Head, trust: Any, origin: str, fetch: Any, folder: Path, *_: Any) -> int:
        evidence.append(folder)
        return 3

    monkeypatch.setattr(seen_heads, "look", lambda *_, **__: SimpleNamespace(alarms=others))
    monkeypatch.setattr(seen_heads, "_ask", answer)
    if kept:
        with closing(followed(tmp_path, ledger.origin)) as heads:
            heads.keep(PublishedHead(ledger.size, ledger.checkpoint(), NOW, None))
    fetch: Any = None
    seen = compare_heads("there", fetch, ledger.trust(), ledger.origin, tmp_path, NOW, ask=ask)
    assert evidence == ([tmp_path / "evidence"] if asked else [])
    whole = kept and not alarms
    assert (seen.remember, seen.first_seen) == (3 if asked else 0, NOW if whole else None)
    assert (seen.head.checkpoint.size if seen.head else None) == (ledger.size if whole else None)
    assert [(each.code, each.where, each.says) for each in seen.wrong] == [
        (code, "log/checkpoint", f"{code} it is") for code in alarms if code != "HTTP-SILENT"
    ]
    assert [each.code for each in seen.unreachable] == [code for code in alarms if code == "HTTP-SILENT"]
    assert seen.doubts == []


def test_of_several_keys_of_a_log_that_of_the_head_proves_the_contradiction(tmp_path: Path) -> None:
    ledger, _ = small()
    first = Ledger(log=hand("log", key="earlier")).trust().policy.logs
    trust = ledger.trust()
    trust = replace(trust, policy=replace(trust.policy, logs=(*first, *trust.policy.logs)))
    with pytest.raises(LedgerError, match="SPLIT-VIEW"):
        compare_views(
            head(ledger), head(ledger, 2, bytes(32)), fetched(files_of(ledger)), trust, ledger.origin, tmp_path / "e"
        )
