"""A mail in its file: headers, attachments as digests, reports; bounds, and files that are no mail."""

from __future__ import annotations

import hashlib
import sys
from datetime import UTC, datetime, timedelta, timezone
from email.message import EmailMessage, Message
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.application.intake.mail import mail_file
from ledger.application.intake.mail.mail_fact import fact_of, orders_named
from ledger.application.intake.mail.mail_file import read_mail
from ledger.errors import LedgerError, RecordError
from tests.support.intake.mails import SERVER, delivery_report, mail
from tests.support.intake.outlook import msg


def refused(data: bytes) -> RecordError:
    with pytest.raises(RecordError) as error:
        read_mail(data, "m")
    return error.value


def test_a_mail_is_read_with_its_digest_and_those_of_its_files() -> None:
    data = mail(files=[("Übergabe.pdf", b"%PDF-1"), ("b.pdf", b"")])
    read = read_mail(data, "m")
    assert (read.sha256, read.size, read.media) == (hashlib.sha256(data).hexdigest(), len(data), "message/rfc822")
    assert read.sender == "Skylark Sêcurité <legal@skylark.example>"
    assert read.date == datetime(2026, 3, 3, 9, 15, tzinfo=UTC)
    assert (read.received[0].by, read.received[0].at) == (SERVER, datetime(2026, 3, 3, 9, 15, 30, tzinfo=UTC))
    assert [(f.size, f.sha256) for f in read.files] == [
        (6, hashlib.sha256(b"%PDF-1").hexdigest()),
        (0, hashlib.sha256(b"").hexdigest()),
    ]


def test_a_delivery_report_says_what_happened_to_which_mail() -> None:
    (report,) = read_mail(delivery_report(), "m").reports
    assert (report.action, report.recipient, report.message_id) == (
        "delivered",
        "legal@skylark.example",
        "<order-1@karsk.example>",
    )
    assert report.at == datetime(2026, 3, 2, 8, 0, 5, tzinfo=UTC)


def test_a_report_of_delivery_speaks_of_a_receipt_at_its_time_and_one_of_a_failure_of_none() -> None:
    report = read_mail(delivery_report(), "m")
    fact = fact_of(report, "m")
    assert (fact.kind, fact.at, fact.source) == ("order-received", report.reports[0].at, "report")
    with pytest.raises(RecordError, match="was not delivered"):
        fact_of(read_mail(delivery_report("failed"), "m"), "m")


def test_a_mail_that_reports_nothing_needs_a_kind() -> None:
    with pytest.raises(RecordError) as error:
        fact_of(read_mail(mail(), "m"), "m")
    assert error.value.code == "MAIL-FACT"
    fact = fact_of(read_mail(mail(), "m"), "m", "order-received")
    assert (fact.on_source, fact.proof_kind, fact.at) == ("", "", datetime(2026, 3, 3, 9, 15, tzinfo=UTC))


def test_an_order_is_found_by_its_reference_as_a_whole_word() -> None:
    known = ["PPO-2026-123", "PPO-2026-12", "KA-7/2026"]
    assert orders_named(read_mail(mail("Re: ppo-2026-123, answer"), "m"), known) == ["PPO-2026-123"]
    assert orders_named(read_mail(mail("Re: PPO-2026-1234"), "m"), known) == []
    assert orders_named(read_mail(mail("x", files=[("PPO-2026-12.pdf", b"")]), "m"), known) == ["PPO-2026-12"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04",
        b"order,kind\nA-1,order-issued\n",
        b"X-Only: 1\r\n\r\ntext",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2_000),
    ],
)
def test_a_file_that_is_no_mail_is_refused(data: bytes) -> None:
    assert refused(data).code == "MAIL-FORM"


def test_a_mail_beyond_the_bounds_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "headers" in refused(b"X: 1\r\n" * 1_001 + mail()).says
    nested = b"From: a@b\r\n" + b"".join(
        f'Content-Type: multipart/mixed; boundary="{n}"\r\n\r\n--{n}\r\n'.encode() for n in range(40)
    )
    assert refused(nested + b"\r\n").code == "MAIL-FORM"
    monkeypatch.setattr(mail_file, "LARGEST", 100)
    assert "are more than" in refused(mail()).says


def test_as_many_parts_as_deep_as_the_bounds_allow_are_read_and_no_more() -> None:
    def flat(leaves: int) -> Message:
        whole = Message()
        for _ in range(leaves):
            whole.attach(Message())
        return whole

    def deep(levels: int) -> Message:
        whole = Message()
        for _ in range(levels):
            outer = Message()
            outer.attach(whole)
            whole = outer
        return whole

    assert len(list(mail_file._parts(flat(mail_file.PARTS - 1), "m"))) == mail_file.PARTS
    assert len(list(mail_file._parts(deep(mail_file.DEEPEST), "m"))) == mail_file.DEEPEST + 1
    for beyond in (flat(mail_file.PARTS), deep(mail_file.DEEPEST + 1)):
        with pytest.raises(RecordError, match="more than 500 parts"):
            list(mail_file._parts(beyond, "m"))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Tue, 03 Mar 2026 10:15:00 +0100 (CET)", "2026-03-03T09:15:00+00:00"),
        ("Tue, 03 Mar 2026 10:15:00 -0000", "2026-03-03T10:15:00+00:00"),
        ("Tue, 03 Mar 2026 10:15:00", None),
        ("3.3.2026", None),
        ("Fri, 31 Dec 9999 23:59:59 -2359", None),
        ("Thu, 01 Jan 1970 00:00:00 +0000", "1970-01-01T00:00:00+00:00"),
        ("Wed, 31 Dec 1969 23:59:59 +0000", None),
        ("Tue, 03 Mar 2026 10:15:00 +0100 -0000", "2026-03-03T09:15:00+00:00"),
        (f"{' ' * 170}Tue, 03 Mar 2026 10:15:00 +0100", "2026-03-03T09:15:00+00:00"),  # and not of an offset cut short
        (f"Tue, 03 Mar 2026 10:15:00 {'(by the clock)' * 20} +0100", "2026-03-03T09:15:00+00:00"),
        (f"{'(' * 70}Tue{')' * 70}, 03 Mar 2026 10:15:00 +0100", "2026-03-03T09:15:00+00:00"),
        ("", None),
    ],
)
def test_a_moment_without_an_offset_is_no_moment(text: str, moment: str | None) -> None:
    found = mail_file.moment_in(text)
    assert (found.isoformat() if found else None) == moment


def test_characters_that_turn_the_direction_are_left_out_of_what_is_shown() -> None:
    assert read_mail(mail("=?utf-8?Q?a=E2=80=AEb?="), "m").subject == "ab"
    read = read_mail("To: c\u202e@d\x7f\nMessage-ID: <1\u202e\x1b@b>\nSubject: a\u202eb\n\n".encode(), "m")
    assert (read.to, read.message_id, read.subject) == (("c@d",), "<1@b>", "ab")
    stated = "Final-Recipient: rfc822; a\x1b@b\nAction: failed\x1b\nOriginal-Message-ID: <1\x1b>\n"
    assert reporting(f"Reporting-MTA: dns; m\x1bx\n\n{stated}") == [("failed", "a@b", "", "<1>", "mx")]


def test_an_msg_of_outlook_is_read_with_its_headers_and_files() -> None:
    head, _, _ = mail("Re: PPO-2026-123").partition(b"\r\n\r\n")
    data = msg(head.decode(), "Re: PPO-2026-123", [("Übergabe.pdf", b"%PDF-1"), ("b.pdf", b"x" * 3_000)])
    read = read_mail(data, "m")
    assert (read.media, read.subject, read.message_id) == (
        "application/vnd.ms-outlook",
        "Re: PPO-2026-123",
        "<m1@skylark.example>",
    )
    assert read.received[0].by == SERVER
    assert read.date == datetime(2026, 3, 3, 9, 15, tzinfo=UTC)
    assert [(f.name, f.size, f.sha256) for f in read.files] == [
        ("Übergabe.pdf", 6, hashlib.sha256(b"%PDF-1").hexdigest()),
        ("b.pdf", 3_000, hashlib.sha256(b"x" * 3_000).hexdigest()),
    ]


def test_an_msg_that_was_cut_short_is_refused() -> None:
    assert refused(msg("From: a@b\r\n", "x")[:1_200]).code == "MAIL-FORM"


def test_an_msg_without_transport_headers_says_what_outlook_has_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    oxmsg = pytest.importorskip("oxmsg", reason="needs the extra `mail`")
    sent = datetime(2026, 3, 3, 10, 15, 1, 999, tzinfo=timezone(timedelta(hours=1)))
    attached = SimpleNamespace(file_name=None, mime_type=None, file_bytes=None)
    said = {"sender": "Ada <ada@b.example>", "subject": "Re: A", "sent_date": sent, "attachments": [attached] * 3}

    def loaded(**more: Any) -> Any:
        message = SimpleNamespace(**{**said, "_message_headers": EmailMessage(), **more})
        monkeypatch.setattr(oxmsg, "Message", SimpleNamespace(load=lambda data: message))
        return mail_file._outlook(b"data", "m")

    read = loaded()
    assert (read.subject, "ada@b.example" in read.sender) == ("Re: A", True)
    assert read.date == datetime(2026, 3, 3, 9, 15, 1, tzinfo=UTC)
    assert [(f.name, f.media, f.size) for f in read.files] == [("", "", 0)] * 3
    bare = loaded(sender=None, subject=None, sent_date=None)
    assert (bare.sender, bare.subject, bare.date) == ("", "", None)
    named = SimpleNamespace(file_name="x" * 201, mime_type="application/pdf", file_bytes=b"%PDF")
    (file,) = loaded(attachments=[named]).files
    assert (file.name, file.media, file.size) == ("x" * 200, "application/pdf", 4)
    many = Message()
    for n in range(mail_file.HEADERS + 1):
        many[f"X-{n}"] = "1"
    with pytest.raises(RecordError, match="more than 1000 headers"):
        loaded(_message_headers=many)
    monkeypatch.setattr(mail_file, "PARTS", 2)
    assert len(loaded().files) == 2
    monkeypatch.setitem(sys.modules, "oxmsg", None)
    with pytest.raises(LedgerError, match="NO-MAIL"):
        mail_file._outlook(b"data", "m")


# -- reports -----------------------------------------------------------------------------------------------------------

RETURNED = {
    "headers": "Content-Type: text/rfc822-headers\n\nMessage-ID: <order-1@karsk.example>\n",
    "mail": "Content-Type: message/rfc822\n\nMessage-ID: <order-1@karsk.example>\nFrom: a@b\n\ntext\n",
    "none": "Content-Type: text/plain\n\nMessage-ID: <order-1@karsk.example>\n",
}
STATUS = """Reporting-MTA: dns; mx.skylark.example
Arrival-Date: Mon, 02 Mar 2026 08:00:00 +0100

Final-Recipient: rfc822; a@skylark.example
Action: Delivered
Last-Attempt-Date: Mon, 02 Mar 2026 08:30:00 +0100

Final-Recipient: rfc822; b@skylark.example
Action: failed
"""


def reporting(status: str, returned: str = "headers", kind: str = "delivery-status") -> list[tuple[str, ...]]:
    """Return what a mail reports, as action, recipient, time, mail and reporter."""
    parts = f"--b\nContent-Type: message/{kind}\n\n{status}\n--b\n{RETURNED[returned]}\n--b--\n"
    head = 'From: m@x\nDate: Mon, 02 Mar 2026 09:00:05 +0100\nContent-Type: multipart/report; boundary="b"\n\n'
    reports = read_mail(f"{head}{parts}".encode(), "m").reports
    return [(r.action, r.recipient, f"{r.at:%H:%M:%S}" if r.at else "", r.message_id, r.reporter) for r in reports]


ORDER, MX = "<order-1@karsk.example>", "mx.skylark.example"


@pytest.mark.parametrize(("returned", "about"), [("headers", ORDER), ("mail", ORDER), ("none", "")])
def test_a_report_has_a_line_for_each_recipient_and_names_the_returned_mail(returned: str, about: str) -> None:
    assert reporting(STATUS, returned) == [
        ("delivered", "a@skylark.example", "07:30:00", about, MX),
        ("failed", "b@skylark.example", "07:00:00", about, MX),  # when the mail arrived there
    ]


def test_a_report_without_times_states_none_and_a_stated_mail_goes_before_the_returned_one() -> None:
    plain = STATUS.replace("Arrival-Date", "X-Date").replace("Last-Attempt-Date", "X-Date")
    own = plain.replace("Action: failed", "Action: failed\nOriginal-Message-ID: <other@karsk.example>")
    assert reporting(own) == [
        ("delivered", "a@skylark.example", "", ORDER, MX),
        ("failed", "b@skylark.example", "", "<other@karsk.example>", MX),
    ]
    assert reporting("Reporting-MTA: dns; mx.skylark.example\n") == []


def test_a_notification_of_a_reader_states_what_was_done_and_by_what() -> None:
    said = (
        "Reporting-UA: desk; Mailer 3\nFinal-Recipient: rfc822; a@skylark.example\n"
        "Original-Message-ID: <order-2@karsk.example>\n"
        "Disposition: manual-action/MDN-sent-manually; Displayed/error\n"
    )
    done = ("displayed", "a@skylark.example", "", "<order-2@karsk.example>", "Mailer 3")
    assert reporting(said, kind="disposition-notification") == [done]
    (bare,) = reporting("Final-Recipient: rfc822; a@skylark.example\n", kind="disposition-notification")
    assert bare == ("", "a@skylark.example", "", ORDER, "")
    assert reporting(said, kind="other-notification") == []


# -- headers and files -------------------------------------------------------------------------------------------------


def test_a_part_is_a_file_if_it_has_a_name_or_is_attached() -> None:
    parts = (
        'Content-Disposition: inline; filename="a.pdf"\n\nA',
        "Content-Disposition: attachment\n\nB",
        "Content-Disposition: inline\n\nC",
        "Content-Type: text/plain\n\nD",
        'Content-Type: multipart/mixed; boundary="c"; name="e"\n\n--c\n\nE\n--c--',
    )
    body = "".join(f"--b\n{part}\n" for part in parts)
    read = read_mail(f'From: a@b\nContent-Type: multipart/mixed; boundary="b"\n\n{body}--b--\n'.encode(), "m")
    assert [(file.name, file.size) for file in read.files] == [("a.pdf", 1), ("", 1)]


@pytest.mark.parametrize(
    ("data", "is_mail"),
    [
        (b"From: a@b\n\n", True),
        (b"Date: today\n\n", True),
        (b"Message-ID: <1>\n\n", True),
        (b"Received: by x; today\n\n", True),
        (b"From a@b Mon Mar 2\nFrom: a@b\n\n", True),
        (b"To: a@b\nSubject: x\n\n", False),
        (b" From: a@b\n\n", False),
        (b"From a@b Mon Mar 2\n\nFrom: a@b\n", False),
        (b"F" * 77 + b": x\nFrom: a@b\n\n", False),
    ],
)
def test_a_mail_begins_with_headers_and_has_one_of_those_that_every_mail_has(data: bytes, is_mail: bool) -> None:
    if is_mail:
        assert read_mail(data, "m").size == len(data)
    else:
        assert "so it is no mail" in refused(data).says


def test_a_mail_is_read_up_to_its_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    data = b"From: a@b\nSubject: " + b"x" * 40 + b"\n\ntext"
    for bound, most in (("LARGEST", len(data)), ("HEADERS", 2), ("HEADER", 40)):
        with monkeypatch.context() as patch:
            patch.setattr(mail_file, bound, most)
            assert read_mail(data, "m").subject == "x" * 40
            patch.setattr(mail_file, bound, most - 1)
            assert refused(data).code == "MAIL-FORM"


def test_a_mail_is_to_those_named_in_to_and_cc_and_of_two_headers_none_counts() -> None:
    data = b"From: a@b\nTo: c@d, Clerk <e@f>\nCc: g@h\nBcc: i@j\nReply-To: k@l\n\n"
    read = read_mail(data, "m")
    assert (read.sender, read.to, read.repeated) == ("a@b", ("c@d", "e@f", "g@h"), ())
    read = read_mail(b"Subject: a\nFrom: z@b\nto: nobody:;\nSUBJECT: a\n" + data, "m")
    assert (read.sender, read.to, read.subject, read.repeated) == ("", ("g@h",), "", ("from", "to", "subject"))


@pytest.mark.parametrize(
    ("text", "by", "minute"),
    [
        ("from x by MX.example (Postfix; by y.example) id 7; Mon, 02 Mar 2026 08:30:00 +0000", "mx.example", 30),
        ("from x (by other.example) id 7; Mon, 02 Mar 2026 08:31:00 +0000", "", 31),
        ("from nearby mx; then; Mon, 02 Mar 2026 08:32:00 +0000", "", 32),
        ("by mx.example; yesterday", "mx.example", None),
        ("by mx.example", "", None),
    ],
)
def test_a_stamp_names_the_server_after_by_and_the_moment_after_the_last_semicolon(
    text: str, by: str, minute: int | None
) -> None:
    stamp = mail_file._stamp(text)
    assert (stamp.by, stamp.at.minute if stamp.at else None) == (by, minute)


@pytest.mark.parametrize(
    ("text", "kept"),
    [("a (b) c", "a  c"), ("a (b (c) d) e", "a  e"), ("a ) b", "a ) b"), ("a (b", "a "), ("(a) ) (b)", " ) ")],
)
def test_comments_are_left_out_also_nested_and_open_ones(text: str, kept: str) -> None:
    assert mail_file.without_comments(text) == kept


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (b"X: 1\n" * 999, ""),
        (b"X: 1\n" * 1_000, "more than 1000 headers"),
        (b"X: " + b"x" * 65_536 + b"\n", ""),
        (b"X: " + b"x" * 65_537 + b"\n", "more than 65536 characters"),
        (b"Content-Type: message/rfc822\n\n" * 20, ""),
        (b"Content-Type: message/rfc822\n\n" * 21, "more than 20 deep"),
        (b"Content-Type: message/rfc822\n\n" * 2_000, "no mail that can be read"),
    ],
)
def test_what_a_mail_may_hold_is_bounded(more: bytes, says: str) -> None:
    data = b"From: a@b\n" + more + b"\ntext"
    if says:
        assert says in refused(data).says
    else:
        assert read_mail(data, "m").sender == "a@b"


@pytest.mark.parametrize("most", [1 << 25])
def test_a_file_of_more_than_32_mebibytes_is_no_mail(most: int) -> None:
    assert "so it is no mail" in refused(bytes(most)).says
    assert refused(bytes(most + 1)).says == f"{most + 1} bytes are more than 32 MiB"


def test_a_mail_names_at_most_a_hundred_recipients() -> None:
    many = ", ".join(f"a{n}@b" for n in range(101))
    assert read_mail(f"From: a@b\nTo: {many}\n\n".encode(), "m").to == tuple(f"a{n}@b" for n in range(100))


def test_only_servers_stamp_a_mail() -> None:
    data = b"Received: by mx.example; yesterday\nFrom: a@b\nDate: today\nReceived: by mta.example; then\n\n"
    assert [stamp.by for stamp in read_mail(data, "m").received] == ["mx.example", "mta.example"]


def test_a_header_is_shown_on_one_line() -> None:
    assert read_mail(b"From: a@b\nSubject: one\n\ttwo\n three\n\n", "m").subject == "one two three"


def test_the_name_of_a_file_is_cut_after_two_hundred_characters() -> None:
    head = f'From: a@b\nContent-Disposition: attachment; filename="{"x" * 201}"\n\nA'
    assert [file.name for file in read_mail(head.encode(), "m").files] == ["x" * 200]


@pytest.mark.parametrize(
    ("field", "place", "most"),
    [
        ("Action: ", 0, 40),
        ("Action: failed\nFinal-Recipient: rfc822; ", 1, 320),
        ("Action: failed\nOriginal-Message-ID: ", 3, 998),
        ("Reporting-MTA: dns; ", 4, 320),
    ],
)
def test_what_a_report_states_is_cut_at_the_length_that_a_value_may_have(field: str, place: int, most: int) -> None:
    text = "x" * most
    for stated in (text, f"{text}y"):
        (report,) = reporting(f"{field}{stated}\n" + ("\nAction: failed\n" if place == 4 else ""))
        assert report[place] == text


def test_a_report_on_no_recipient_reports_nothing() -> None:
    for status in ("", "\n", "Reporting-MTA: dns; mx.example\n"):
        assert reporting(status) == []
