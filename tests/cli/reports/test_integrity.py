"""A report states what was read again, and leads to a checkpoint only where one was kept."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from cli.reports import integrity
from cli.reports.integrity import (
    NO_ANCHOR,
    NO_OUTSIDE,
    NO_QUORUM,
    NO_REGISTRAR,
    NO_WITNESS,
    NOT_IN_FORCE,
    NOT_OPENED,
    _doubts,
    _log_keys,
    _registrar,
    _unproven,
    audited,
    bundle_read,
    checkpoint,
    kept_checkpoint,
    read_again,
)
from cli.session.ledger_reader import reading
from ledger.errors import RecordError
from ledger.verify.claims import NOT_TRUE
from ledger.verify.progress import OWN_KEYS, SEALED, Unproven
from tests.support.cli import ledger_of

AT, LATER = datetime(2027, 6, 1, 12, tzinfo=UTC), datetime(2027, 6, 2, tzinfo=UTC)


def test_without_a_kept_head_a_report_leads_to_none_and_says_so(tmp_path: Path) -> None:
    with reading(ledger_of("S1", tmp_path)) as reader:
        order = reader.labels["main"]
        kept = reader.newest_head()
        found, without = (read_again(reader, order, head, None) for head in (kept, None))
    assert kept is not None
    assert found.checkpoint is not None
    assert found.checkpoint.size == kept.size
    assert without.checkpoint is None
    assert "its place in the tree of the checkpoint below" in found.checked.says
    assert "checkpoint below" not in without.checked.says
    assert (found.checked.verdict, without.checked.verdict) == ("INDETERMINATE", "INDETERMINATE")


@pytest.mark.parametrize("seen", [None, LATER])
def test_a_report_of_a_bundle_has_the_verdict_and_the_head_of_the_bundle(seen: datetime | None) -> None:
    note = b"log.example\n9\nROOT=\n\nsigned\n"
    head = SimpleNamespace(note=note, cosignatures=[(SimpleNamespace(name="w.example"), 5)], checkpoint=None)
    reasons = [SimpleNamespace(code=c, where="", says="said by us") for c in ("NO_TRUST_ANCHOR", "CP-QUORUM", "OTHER")]
    report = SimpleNamespace(
        entries=7, signatures=6, reasons=reasons, verdict="INDETERMINATE", not_proven=(), head=head, as_of=AT,
        head_seen=seen, log_key="vkey",
    )  # fmt: skip
    bundle: Any = SimpleNamespace(report=report)
    found = bundle_read(bundle)
    assert found.checked.says == "The evidence bundle was verified: 7 entries and 6 signatures."
    assert [(r.code, r.says) for r in found.checked.reasons] == [
        ("NO_TRUST_ANCHOR", NO_OUTSIDE), ("CP-QUORUM", NO_QUORUM), ("OTHER", "said by us"),
    ]  # fmt: skip
    shown = found.checkpoint
    assert shown is not None
    assert (shown.origin, shown.size, shown.root) == ("log.example", 9, "ROOT=")
    assert (shown.kept, shown.key, shown.witnesses) == (seen or AT, "vkey", ("w.example",))
    report.as_of = None
    assert bundle_read(bundle).checkpoint is None
    report.as_of, report.head = AT, None
    assert bundle_read(bundle).checkpoint is None


# -- sentences ---------------------------------------------------------------------------------------------------------

SEEN: Any = SimpleNamespace(cosignatures=("w",))
UNSEEN: Any = SimpleNamespace(cosignatures=())


@pytest.mark.parametrize(("head", "first"), [(None, [NO_WITNESS]), (UNSEEN, [NO_WITNESS]), (SEEN, [])])
def test_what_nothing_proves_begins_with_the_witnesses_and_ends_with_the_truth(head: Any, first: list[str]) -> None:
    assert list(_unproven((), head)) == [*first, NOT_TRUE]
    left = (Unproven("NO-WITNESS", "nobody."), Unproven("TEST", "a test."), Unproven("", "Trust came along.", OWN_KEYS))
    assert list(_unproven((NOT_TRUE, *left, "Other.", "Other."), head)) == [*first, "Other.", NOT_TRUE]
    own = (Unproven("POL-EXPIRED", "it ended."), Unproven("", "What stands in 3 values.", SEALED))
    assert list(_unproven(own, head)) == [*first, NOT_IN_FORCE, NOT_OPENED, NOT_TRUE]


def test_the_words_of_others_are_not_taken_for_a_code_or_for_a_sentence_of_this_program() -> None:
    said = ("NO-WITNESS: nobody.", "TEST: a test.", "Trust came with the bundle itself.", "What stands in a letter.")
    assert list(_unproven(said, SEEN)) == [*said, NOT_TRUE]


@pytest.mark.parametrize("trust", [None, object()])
def test_some_doubts_have_the_words_of_a_report(trust: Any) -> None:
    codes = ("NO_TRUST_ANCHOR", "CP-QUORUM", "KEY-SUSPECT")
    doubts: Any = [SimpleNamespace(code=code, where="w", says=f"says {code}") for code in codes]
    anchor = NO_ANCHOR if trust is None else NO_REGISTRAR
    assert [(r.code, r.where, r.says) for r in _doubts(doubts, trust)] == [
        ("NO_TRUST_ANCHOR", "w", anchor), ("CP-QUORUM", "w", NO_QUORUM), ("KEY-SUSPECT", "w", "says KEY-SUSPECT"),
    ]  # fmt: skip
    report: Any = SimpleNamespace(
        entries=7, signatures=6, verdict="PASSED", not_proven=("Other.",), head=SEEN, reasons=doubts
    )
    found = audited(report, trust)
    assert (found.verdict, found.not_proven) == ("PASSED", ("Other.", NOT_TRUE))
    assert found.says == "7 entries and 6 signatures were checked, and the tree they make."
    assert found.reasons == _doubts(doubts, trust)


def test_keys_of_the_log_are_those_of_the_trust_that_name_it_else_those_of_the_ledger() -> None:
    ours: Any = SimpleNamespace(name="log.example")
    own: Any = "own"
    other = SimpleNamespace(name="else")
    policy = SimpleNamespace(logs=[other, ours])
    folder = SimpleNamespace(origin="log.example", policy=policy, keys=(own,), registrar="its registrar")
    reader: Any = SimpleNamespace(folder=folder)
    assert _log_keys(reader, None) == (ours,)
    trust: Any = SimpleNamespace(policy=SimpleNamespace(logs=[other]), registrar=None)
    assert _log_keys(reader, trust) == (own,)
    theirs: Any = SimpleNamespace(registrar="theirs")
    registrars: list[Any] = [_registrar(reader, each) for each in (None, trust, theirs)]
    assert registrars == ["its registrar", "its registrar", "theirs"]


# -- heads -------------------------------------------------------------------------------------------------------------


def test_a_kept_head_is_named_if_its_signatures_hold(tmp_path: Path) -> None:
    with reading(ledger_of("S1", tmp_path)) as reader:
        kept = reader.newest_head()
        assert kept is not None
        shown = kept_checkpoint(reader, kept, None)
        assert shown is not None
        assert (shown.origin, shown.size, shown.kept, shown.key) == (
            reader.origin, kept.size, kept.at, reader.folder.key.text,
        )  # fmt: skip
        assert kept_checkpoint(reader, None, None) is None
        forged = replace(kept, note=kept.note.replace(str(kept.size).encode(), str(kept.size + 1).encode(), 1))
        assert kept_checkpoint(reader, forged, None) is None


def test_the_published_head_of_an_audit_is_the_one_of_its_size() -> None:
    note = b"log.example\n9\nROOT=\n\nsigned\n"
    head: Any = SimpleNamespace(note=note, checkpoint=SimpleNamespace(size=9), cosignatures=())
    kept: Any = {9: SimpleNamespace(at=AT), 8: SimpleNamespace(at=LATER)}
    key: Any = SimpleNamespace(text="vkey")
    shown = checkpoint(head, kept, key)
    assert shown is not None
    assert (shown.size, shown.kept, shown.key, shown.witnesses) == (9, AT, "vkey", ())
    assert checkpoint(None, kept, key) is None
    assert checkpoint(head, {}, key) is None


def test_an_order_that_no_head_covers_and_one_that_is_proved_wrong_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with reading(ledger_of("S1", tmp_path)) as reader:
        order = reader.labels["main"]
        heads = reader.kept_heads()
        first = reader.store.order(order)[0][0]
        early = next(head for head in heads if 0 < head.size <= first)
        found = read_again(reader, order, early, None)
        codes = [reason.code for reason in found.checked.reasons]
        assert "PRF-INDEX" in codes
        assert "PRF-INDEX" not in [r.code for r in read_again(reader, order, heads[-1], None).checked.reasons]
        later = next(head for head in heads if head.size > first)
        assert "PRF-INDEX" not in [r.code for r in read_again(reader, order, later, None).checked.reasons]
        entries = len(reader.store.order(order)) + len(reader.store.order(reader.cases.registry))
        assert found.checked.says.startswith(f"{entries} entries of this order and of the register ")

        def wrong(*given: Any) -> None:
            raise RecordError("SIG-BAD", "another signature", where="#5")

        monkeypatch.setattr(integrity, "_entries", wrong)
        failed = read_again(reader, order, heads[-1], None)
    assert failed.checked.verdict == "TOTAL-FAILED"
    assert [(r.code, r.where, r.says) for r in failed.checked.reasons] == [("SIG-BAD", "#5", "another signature")]
    assert (failed.checked.not_proven, failed.checkpoint is None) == ((NOT_TRUE,), False)


def test_an_entry_that_was_changed_is_named_by_its_position(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with reading(ledger_of("S1", tmp_path)) as reader:
        order = reader.labels["main"]
        rows = reader.store.order(order)
        stored = reader.store.order
        changed = [*rows[:1], (rows[1][0], rows[1][1].replace(b'"sig":"', b'"sig":"AAAA', 1)), *rows[2:]]
        monkeypatch.setattr(
            reader.store, "order", lambda name, *after: changed if name == order else stored(name, *after)
        )
        found = read_again(reader, order, reader.newest_head(), None).checked
    assert (found.verdict, found.reasons[0].where) == ("TOTAL-FAILED", f"#{rows[1][0]}")


# -- keys that were reported -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reported", [(), (None,), (None, 7)])
@pytest.mark.parametrize("times", [None, "times"])
def test_a_signature_of_a_reported_key_is_doubted_unless_its_time_is_proven(
    reported: tuple[int | None, ...], times: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyring = SimpleNamespace(keys={n: SimpleNamespace(reported=each) for n, each in enumerate(reported)})
    reader: Any = SimpleNamespace(
        registers={0: SimpleNamespace(keyring=keyring)},
        folder=SimpleNamespace(origin="log.example", policy="policy"),
    )
    asked: list[Any] = []

    def suspects(opened: Any, of: Any, proven: Any) -> list[Any]:
        asked.append((opened, of is keyring, proven))
        return [("ilves", "since", [7, 9])]

    monkeypatch.setattr(integrity, "times_of", lambda reader, opened, trust: times)
    monkeypatch.setattr(integrity, "Times", lambda heads, policy: (heads.head.checkpoint.size, policy))
    monkeypatch.setattr(integrity, "suspect", suspects)
    monkeypatch.setattr(integrity, "doubt_key", lambda *said: asked.append(said))
    book: Any = "book"
    opened: Any = {5: "entry"}
    integrity._suspect(reader, opened, None, book)
    proven = times or (0, "policy")
    told = [(opened, True, proven), ("ilves", "since", [7, 9], "#7", "book")]
    assert asked == (told if 7 in reported else [])
