"""Time stamps in a bundle prove by when an entry existed, and no more than that."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from ledger.adapters.timestamps.rfc3161 import read_stamp
from ledger.bundle.layout import Arranged
from ledger.entries.keyring import Registrar
from ledger.errors import RecordError
from ledger.tlog.note import Checkpoint, Head, note_digest
from ledger.trust.trust_folder import Trust, format_registrar, parse_trust
from ledger.verify.heads import CLAIMED, DATED, Heads, no_witness
from ledger.verify.progress import VerificationLog
from ledger.verify.report import Report, Verdict
from ledger.verify.time_brackets import Times
from ledger.verify.timestamps import Stamp, check_moment, check_tokens, existed, set_aside
from tests.support.memory_ledger import NOW, ORDER, Hand, Ledger, checked, small
from tests.support.time_stamp_authority import Authority
from tests.support.tokens import Stamper

AUTHORITIES = {"a": Stamper("Authority A"), "b": Stamper("Authority B")}
ROOTS = b"".join(authority.root.pem for authority in AUTHORITIES.values())
UNREADABLE = AUTHORITIES["a"].stamp(b"", datetime(2027, 3, 1, tzinfo=UTC)) + b"\0"


def t(minutes: int) -> datetime:
    return datetime(2027, 3, 1, 12, tzinfo=UTC) + timedelta(minutes=minutes)


def token(note: bytes, minute: int, who: str = "a", accuracy: int = 0) -> bytes:
    return AUTHORITIES[who].stamp(note, t(minute), timedelta(minutes=accuracy))


def trusting(ledger: Ledger, certificates: bytes = ROOTS) -> Trust:
    """Make a trust in the ledger's keys and in time-stamp authorities."""
    registrar = Registrar(ledger.keeper.actor, ledger.keeper.party, ledger.keeper.key)
    files = {"policy": ledger.policy(), "registrar": format_registrar(registrar), "tsa/a.pem": certificates}
    return parse_trust({**files, "tsa/authorities": b"a http://127.0.0.1/\n"})


def stamped(ledger: Ledger, by: Hand, *replies: bytes, note: bytes | None = None, **more: bytes) -> Report:
    """Verify a bundle with these tokens over its head, and with others by path."""
    tokens = {f"checkpoint.{n}.tsr": reply for n, reply in enumerate(replies, 1)} | more
    data = ledger.bundle(by, note=note or ledger.checkpoint(), tokens=tokens)
    return checked(data, ledger, trust=trusting(ledger), stamps=read_stamp)


def remarks(report: Report) -> set[str]:
    return {r.code for r in report.procedure if r.code.startswith(("TST-", "TIME-"))}


def ends(report: Report) -> set[datetime | None]:
    return {b.not_after for b in report.brackets}


def test_a_token_dates_every_entry_it_covers_even_where_no_witness_is_asked() -> None:
    ledger, ilves = small()
    report = stamped(ledger, ilves, token(ledger.checkpoint(), 20, accuracy=2))
    assert (report.verdict, remarks(report)) == (Verdict.PASSED, set())
    assert ends(report) == {t(22)}
    assert {b.not_before for b in report.brackets} == {None}
    assert "time stamps show by when" in report.not_proven[0]
    assert "time stamps show by when" not in stamped(ledger, ilves).not_proven[0]


def test_a_token_narrows_a_bracket_and_never_widens_it() -> None:
    ledger, ilves = small(witnesses=3)
    note = ledger.checkpoint(None, t(0), t(1), t(30))
    for minute, end in ((10, 10), (40, 30)):
        assert ends(stamped(ledger, ilves, token(note, minute), note=note)) == {t(end)}


def test_a_token_with_an_accuracy_of_a_day_shows_no_more_than_that_day() -> None:
    ledger, ilves = small()
    report = stamped(ledger, ilves, token(ledger.checkpoint(), 0, accuracy=24 * 60))
    assert ends(report) == {t(24 * 60)}


def test_a_token_over_an_earlier_head_dates_what_that_head_covers() -> None:
    ledger, ilves = small()
    early = ledger.checkpoint()
    ledger.heads[note_digest(early)] = early
    later = ledger.record(ilves, "order-transmitted", {"addressee": "skylark", "channel": "mail"}, order=ORDER)
    place = {f"heads/{note_digest(early)}.1.tsr": token(early, 3)}
    report = stamped(ledger, ilves, token(ledger.checkpoint(), 9), **place)
    assert {b.index: b.not_after for b in report.brackets} == {n: t(9 if n == later else 3) for n in range(later + 1)}


@pytest.mark.parametrize(
    ("minute", "code"), [(0, None), (-4, None), (-6, "TST-TIME"), (60 * 24 * 365, "TST-TIME")], ids=str
)
def test_a_token_of_a_moment_that_cannot_be_shows_nothing(minute: int, code: str | None) -> None:
    ledger, ilves = small(witnesses=1)
    note = ledger.checkpoint(None, t(0))
    report = stamped(ledger, ilves, token(note, minute), note=note)
    assert report.verdict is Verdict.PASSED
    assert remarks(report) == ({code} if code else set())
    assert ends(report) == {t(min(minute, 0) if code is None else 0)}


def test_a_token_over_something_else_is_dropped_and_the_verdict_stays() -> None:
    ledger, ilves = small()
    note = ledger.checkpoint()
    report = stamped(ledger, ilves, token(ledger.checkpoint(3), 1), token(note, 7), **{"other.tsr": token(note, 2)})
    assert (report.verdict, remarks(report)) == (Verdict.PASSED, {"TST-IMPRINT"})
    assert ends(report) == {t(7)}
    assert "1 of 3 tokens hold" in next(step.says for step in report.steps if step.number == 7)


@pytest.mark.parametrize(
    "path", ["other.tsr", "heads/checkpoint.1.tsr", "tsa/checkpoint.1.tsr", "{early}.1.tsr", "tsa/{early}.1.tsr"]
)
def test_a_token_whose_path_names_no_checkpoint_of_the_bundle_is_dropped(path: str) -> None:
    ledger, ilves = small()
    early = ledger.checkpoint(3)
    ledger.heads[note_digest(early)] = early
    over = early if "early" in path else ledger.checkpoint()
    report = stamped(ledger, ilves, **{path.format(early=note_digest(early)): token(over, 1)})
    assert (report.verdict, remarks(report), ends(report)) == (Verdict.PASSED, {"TST-IMPRINT"}, {None})


def test_a_token_over_a_head_that_is_not_in_the_bundle_is_dropped() -> None:
    ledger, ilves = small()
    absent = ledger.checkpoint(3)
    report = stamped(ledger, ilves, **{f"heads/{note_digest(absent)}.1.tsr": token(absent, 1)})
    assert (report.verdict, remarks(report), ends(report)) == (Verdict.PASSED, {"TST-IMPRINT"}, {None})


def test_a_token_that_cannot_be_read_leaves_the_verdict_open_and_says_how_to_read_it() -> None:
    ledger, ilves = small()
    report = stamped(ledger, ilves, UNREADABLE)
    assert (report.verdict, [r.code for r in report.reasons]) == (Verdict.INDETERMINATE, ["TST-FORMAT"])
    assert "openssl ts -verify -data checkpoint -in checkpoint.1.tsr" in report.reasons[0].says


def test_of_two_authorities_that_agree_the_earlier_counts_and_of_two_that_differ_the_later() -> None:
    ledger, ilves = small()
    note = ledger.checkpoint()
    report = stamped(ledger, ilves, token(note, 10, "a"), token(note, 12, "b"))
    assert (ends(report), remarks(report)) == ({t(10)}, set())
    report = stamped(ledger, ilves, token(note, 10, "a"), token(note, 70, "b"))
    assert (ends(report), remarks(report)) == ({t(70)}, {"TST-DISAGREE"})
    assert report.verdict is Verdict.PASSED


@pytest.mark.parametrize(
    ("other", "accuracy", "apart"),
    [
        (5, 0, False),
        (6, 0, True),
        (7, 2, False),
        (8, 2, True),
        (-5, 0, False),
        (-6, 0, True),
        (-7, 2, False),
        (-8, 2, True),
    ],
)
def test_stamps_are_apart_if_even_their_accuracy_and_the_drift_of_clocks_leave_a_gap(
    other: int, accuracy: int, apart: bool
) -> None:
    one = Stamp(t(10), timedelta(0), "A", "1.2")
    two = Stamp(t(10 + other), timedelta(minutes=accuracy), "B", "1.2")
    ends = (t(10), t(10 + other + accuracy))
    for stamps in ([one, two], [two, one]):
        assert existed(stamps) == (max(ends) if apart else min(ends))


def test_a_claim_after_a_token_is_a_finding() -> None:
    ledger, ilves = small()
    sent = {"addressee": "skylark", "channel": "mail"}
    ledger.record(ilves, "order-transmitted", sent, order=ORDER, on=t(30), at=t(5))
    report = stamped(ledger, ilves, token(ledger.checkpoint(), 20))
    assert "TIME-FUTURE" in remarks(report)


@pytest.mark.parametrize(("minute", "suspect"), [(2, False), (3, True)])
def test_a_token_proves_entries_older_than_a_suspicion(minute: int, suspect: bool) -> None:
    ledger, _ = small()
    early = ledger.checkpoint()
    ledger.heads[note_digest(early)] = early
    aspen = ledger.enrol("aspen", "XO", "ISS")
    said = {"actor": "ilves", "suspected_since": "2027-03-01T12:03:00Z"}
    ledger.record(ledger.keeper, "key-compromised", said)
    report = stamped(ledger, aspen, **{f"heads/{note_digest(early)}.1.tsr": token(early, minute)})
    assert [r.code for r in report.reasons] == (["KEY-SUSPECT"] if suspect else [])


def test_without_trusted_authorities_tokens_are_carried_and_not_read() -> None:
    ledger, ilves = small()
    data = ledger.bundle(ilves, tokens={"checkpoint.1.tsr": b"anything"})
    for more in ({}, {"stamps": read_stamp}, {"trust": trusting(ledger)}):
        report = checked(data, ledger, **more)
        assert (report.verdict, ends(report)) == (Verdict.PASSED, {None})
        assert any(line.startswith("What 1 time stamp in the bundle would add") for line in report.not_proven)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
def test_a_token_made_by_openssl_over_the_checkpoint_file_dates_a_bundle(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    ledger, ilves = small()
    tokens = {"checkpoint.1.tsr": authority.stamp(ledger.checkpoint())}
    trust = trusting(ledger, authority.root)
    report = checked(ledger.bundle(ilves, tokens=tokens), ledger, trust=trust, stamps=read_stamp, now=NOW)
    assert report.verdict is Verdict.PASSED
    assert all(b.not_after and b.not_after < datetime.now(UTC) + timedelta(minutes=1) for b in report.brackets)


# -- the steps on their own --------------------------------------------------------------------------------------------

ASKED = Ledger(witnesses=1)


def note(size: int, *seen: datetime) -> Head:
    keys = ASKED.trust().policy.witnesses.values()
    times = tuple((key, int(at.timestamp())) for key, at in zip(keys, seen, strict=False))
    return Head(Checkpoint(ASKED.origin, size, bytes(32)), f"note {size}".encode(), times)


OLD, NEW = note(3), note(5, t(0))
HEADS = Heads("log", NEW, {note_digest(each.note): each for each in (OLD, NEW)}, {})
EARLY = f"heads/{note_digest(OLD.note)}"


def tokens(book: VerificationLog, **replies: Stamp | str) -> dict[str, datetime]:
    """Check tokens over these heads; each reply names its path, and what a reader says: a stamp or an error's code."""
    names = {f"{EARLY if name.startswith('early') else 'checkpoint'}.{name[-1]}.tsr": name for name in replies}

    def read(reply: bytes, stamped: bytes, certificates: object) -> Stamp:
        assert (stamped, certificates) == ((OLD if b"early" in reply else NEW).note, (b"cert",))
        found = replies[reply.decode()]
        if isinstance(found, str):
            raise RecordError(found, "no such thing")
        return found

    parts = Arranged(tokens={path: name.encode() for path, name in names.items()} | {"tsa/a.pem": b"cert"})
    trust = msgspec.structs.replace(ASKED.trust(), authorities=(b"cert",))
    return check_tokens(parts, Times(HEADS, trust.policy), trust, read, t(100), book)


def stamp(minute: int, accuracy: int = 0, who: str = "A") -> Stamp:
    return Stamp(t(minute), timedelta(minutes=accuracy), who, "1.2")


def test_each_note_existed_by_its_token_and_two_that_differ_are_named() -> None:
    book = VerificationLog(gravest=[f"x {CLAIMED}", no_witness(CLAIMED)])
    found = tokens(book, head1=stamp(4, 1), early1=stamp(1), early2=stamp(9, who="B"))
    assert found == {note_digest(NEW.note): t(5), note_digest(OLD.note): t(9)}
    assert [(r.code, r.says) for r in book.remarks] == [
        (
            "TST-DISAGREE",
            f"two authorities differ on when {EARLY} existed (A 2027-03-01T12:01:00Z, B 2027-03-01T12:09:00Z): "
            "the later counts",
        )
    ]
    assert (book.detail, book.gravest, book.doubts) == ("3 of 3 tokens hold", [f"x {CLAIMED}", no_witness(DATED)], [])


def test_tokens_that_do_not_hold_show_nothing_and_one_that_is_unreadable_is_a_doubt() -> None:
    book = VerificationLog(gravest=[f"x {CLAIMED}"])
    assert tokens(book, head1="TST-CHAIN", head2="TST-FORMAT", head3=stamp(-6)) == {}
    assert [(r.code, r.says) for r in book.remarks] == [
        ("TST-CHAIN", "checkpoint.1.tsr: no such thing; this time stamp shows nothing"),
        (
            "TST-TIME",
            "checkpoint.3.tsr: it says 2027-03-01T11:54:00Z, and what it covers was cosigned only at "
            "2027-03-01T12:00:00Z; this time stamp shows nothing",
        ),
    ]
    (doubt,) = book.doubts
    assert (doubt.code, doubt.where) == ("TST-FORMAT", "log/checkpoint.2.tsr")
    assert doubt.says.startswith("no such thing; openssl ts -verify -data checkpoint -in checkpoint.2.tsr -CAfile")
    assert (book.detail, book.gravest) == ("0 of 3 tokens hold", [f"x {CLAIMED}"])


@pytest.mark.parametrize(
    ("minute", "accuracy", "cosigned", "now", "refused"),
    [
        (10, 0, None, 5, None),
        (11, 0, None, 5, "which is still to come"),
        (10, 9, None, 5, None),
        (-5, 0, 0, 5, None),
        (-6, 0, 0, 5, "was cosigned only at"),
        (-6, 1, 0, 5, None),
        (-6, 0, None, 5, None),
    ],
)
def test_a_stamp_is_of_a_moment_between_the_cosignatures_and_now(
    minute: int, accuracy: int, cosigned: int | None, now: int, refused: str | None
) -> None:
    def check() -> None:
        check_moment(stamp(minute, accuracy), None if cosigned is None else t(cosigned), t(now))

    if refused is None:
        check()
    else:
        with pytest.raises(RecordError, match=f"TST-TIME.*{refused}"):
            check()


@pytest.mark.parametrize(
    ("number", "detail", "first"), [(0, "", None), (1, "1 token", "1 time stamp"), (2, "2 tokens", "2 time stamps")]
)
def test_tokens_that_are_set_aside_are_counted_and_none_are_no_gap(number: int, detail: str, first: str | None) -> None:
    book = VerificationLog(of="folder")
    set_aside(number, book)
    assert (book.detail, book.ran) == (detail and f"{detail}, not read", False)
    said = [line.partition(" in the folder would add: ")[0] for line in book.not_proven]
    assert said == ([] if first is None else [f"What {first}"])


def test_where_no_token_is_there_the_step_asks_for_nothing() -> None:
    book = VerificationLog()
    assert tokens(book) == {}
    assert (book.ran, book.detail, book.not_proven) == (False, "", [])
