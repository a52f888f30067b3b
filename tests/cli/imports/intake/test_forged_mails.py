"""A mail with headers, parts and reports that its signer did not write: nothing of them is taken for signed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cli.exit_codes import Exit
from ledger.application.journal import Journal
from tests.support.cli import ledger_of, reply, run
from tests.support.import_tables import HEAD, opening, written
from tests.support.intake.mails import SERVER, delivery_report, key, mail, signed

NAME = "s1._domainkey.skylark.example"
NOTHING = "nothing in it is proven: a header is what somebody wrote"
ALL = ["from", "to", "subject", "date", "message-id", "mime-version", "content-type"]
PRIVATE, RECORD = key()


def read(folder: Path, data: bytes, *more: str, name: str = NAME, record: str = RECORD) -> dict[str, Any]:
    """Return what the program says of a mail under a key that is handed in."""
    (folder / "m.eml").write_bytes(data)
    (folder / "key.txt").write_text(record)
    args = (str(folder / "m.eml"), "--inspect", "--dkim", f"{name}={folder / 'key.txt'}", *more)
    (item,) = reply("import", "mail", *args)["mails"]
    return dict(item)


def not_held(item: dict[str, Any]) -> str:
    """Return why the signature of a mail holds for nothing."""
    assert item["holds"] is False
    assert NOTHING in item["says"]
    assert "holds under the key" not in " ".join(item["says"])
    (why,) = (says for says in item["says"] if says.startswith("not shown by DKIM: "))
    return str(why.removeprefix("not shown by DKIM: "))


FORGED = {
    "From": "Judge <judge@court.example>",
    "To": "other@court.example",
    "Subject": "Re: PPO-2026-999",
    "Date": "Sun, 01 Mar 2026 10:00:00 +0100",
    "Message-ID": "<forged@court.example>",
    "MIME-Version": "1.0",
    "Content-Type": 'multipart/mixed; boundary="x"',
}


@pytest.mark.parametrize("header", FORGED)
def test_a_signature_holds_for_nothing_where_a_signed_header_stands_once_more(header: str, tmp_path: Path) -> None:
    value = FORGED[header]
    folded = value.replace(" ", "\r\n ", 1) if " " in value else f"\r\n {value}"
    genuine = signed(mail(files=[("a.pdf", b"%PDF")]), PRIVATE, include_headers=ALL)
    for line in (f"{header}: {value}", f"{header.upper()}:{value}", f"{header.lower()}:\t{folded}"):
        item = read(tmp_path, line.encode() + b"\r\n" + genuine)
        assert not_held(item)
        twice = f"it has more than one {header}: programs read different ones, so nothing is taken from it"
        assert twice in item["says"]
        said = str({**item, "says": [], "file": ""})
        assert value.split("<")[-1].strip(">") not in said or header == "MIME-Version"
        empty = {
            "From": item["sender"] == "",
            "To": item["to"] == [],
            "Subject": item["subject"] == "",
            "Date": item["date"] is None,
            "Message-ID": item["message_id"] == "",
        }
        assert empty.get(header, item["files"] == [])


def test_a_header_that_is_signed_once_more_than_it_stands_cannot_be_added(tmp_path: Path) -> None:
    over = signed(mail(), PRIVATE, include_headers=[*ALL, "date", "cc"])
    item = read(tmp_path, over)
    assert item["holds"] is True
    over_all = "from, to, subject, date, message-id, mime-version, content-type and the text"
    assert f"a DKIM signature of skylark.example holds under the key handed in, over {over_all}" in item["says"]
    for line in (b"Date: Sun, 01 Mar 2026 10:00:00 +0100\r\n", b"Cc: x@court.example\r\n"):
        assert not_held(read(tmp_path, line + over))


def test_a_header_that_a_mail_may_have_once_shows_nothing_twice_although_both_are_signed(tmp_path: Path) -> None:
    twice = b"Date: Sun, 01 Mar 2026 10:00:00 +0100\r\n" + mail()
    item = read(tmp_path, signed(twice, PRIVATE, include_headers=[*ALL, "date"]))
    assert "Date more than once" in not_held(item)
    assert item["date"] is None


@pytest.mark.parametrize(
    ("left", "line"),
    [
        ("content-type", b""),
        ("mime-version", b""),
        ("", b"Content-Transfer-Encoding: base64\r\n"),
        ("", b'Content-Disposition: attachment; filename="judgment.pdf"\r\n'),
    ],
)
def test_a_signature_holds_for_nothing_where_what_decides_how_the_text_is_read_is_not_signed(
    left: str, line: bytes, tmp_path: Path
) -> None:
    data = line + signed(mail(), PRIVATE, include_headers=[name for name in ALL if name != left])
    assert "which decides how the text is read" in not_held(read(tmp_path, data))


def test_a_content_type_that_is_put_before_a_signed_text_without_one_makes_no_signed_file(tmp_path: Path) -> None:
    plain = b"From: a@skylark.example\r\nDate: Tue, 03 Mar 2026 10:15:00 +0100\r\n\r\n--x\r\n\r\ntext\r\n--x--\r\n"
    genuine = signed(plain, PRIVATE)
    assert read(tmp_path, genuine)["holds"] is True
    forged = b'Content-Type: multipart/mixed; boundary="x"; name="judgment.pdf"\r\n' + genuine
    assert "it does not sign Content-Type" in not_held(read(tmp_path, forged))


def test_headers_that_are_shown_and_not_signed_are_said_to_be_what_somebody_wrote(tmp_path: Path) -> None:
    some = ["from", "subject", "mime-version", "content-type"]
    item = read(tmp_path, signed(mail(), PRIVATE, include_headers=some))
    assert item["holds"] is True
    assert "not signed, and so claims: To, Date, Message-ID" in item["says"]


def test_a_signature_of_another_domain_than_that_of_the_sender_is_said_to_be_one(tmp_path: Path) -> None:
    says = "the signature is of skylark.example, and From names another domain"
    for sender, other in (("legal@skylark.example", False), ("a@mx.skylark.example", False), ("a@court.example", True)):
        data = mail().replace(b"legal@skylark.example", sender.encode())
        item = read(tmp_path, signed(data, PRIVATE))
        assert (item["holds"], says in item["says"]) == (True, other)
    near = signed(mail().replace(b"@skylark.example", b"@evilskylark.example"), PRIVATE)
    assert says in read(tmp_path, near)["says"]


def test_of_two_signatures_the_one_that_holds_counts_over_its_own_headers(tmp_path: Path) -> None:
    narrow = signed(mail(), PRIVATE, include_headers=["from", "mime-version", "content-type"])
    both = signed(narrow, PRIVATE, include_headers=ALL)
    broken = both.replace(b" t=", b" t=1", 1)
    assert broken != both
    item = read(tmp_path, broken)
    assert item["holds"] is True
    assert "not signed, and so claims: To, Subject, Date, Message-ID" in item["says"]
    assert not_held(read(tmp_path, b"Date: Sun, 01 Mar 2026 10:00:00 +0100\r\n" + both))


def test_a_signature_without_from_or_with_an_end_within_the_text_holds_for_nothing(tmp_path: Path) -> None:
    assert "only the beginning" in not_held(read(tmp_path, signed(mail(), PRIVATE, length=True) + b"and more\r\n"))
    bare = mail().replace(b"From:", b"X-From:")
    assert not_held(read(tmp_path, signed(bare, PRIVATE, include_headers=ALL))) == "it signs no From"
    sha1 = signed(mail(), PRIVATE, signature_algorithm=b"rsa-sha1")
    assert "SHA-1" in not_held(read(tmp_path, sha1))


@pytest.mark.parametrize(
    "line",
    [
        b"Date : Sun, 01 Mar 2026 10:00:00 +0100\r\n",
        b"Date\0: Sun, 01 Mar 2026 10:00:00 +0100\r\n",
        b"Date: Sun, 01 Mar 2026\0 10:00:00 +0100\r\n",
        b"X-Note: a\rDate: Sun, 01 Mar 2026 10:00:00 +0100\r\n",
        b"From: judge@court.example\rDate: Sun, 01 Mar 2026 10:00:00 +0100\r\r--x\r\n",
        b"X-Note: a\r\rFrom: judge@court.example\r\n",
        b"Date: Sun, 01 Mar 2026 10:00:00 +0100\r\r\n",
        b"X-Note: a\x0b\r\n",
        b"no header\r\n",
        b"From judge@court.example\r\n",
    ],
)
def test_a_mail_with_a_line_that_programs_divide_in_different_ways_is_refused(line: bytes, tmp_path: Path) -> None:
    genuine = signed(mail(), PRIVATE)
    (tmp_path / "key.txt").write_text(RECORD)
    for data in (b"X-First: 1\r\n" + line + genuine, genuine.replace(b"Subject:", line + b"Subject:")):
        (tmp_path / "m.eml").write_bytes(data)
        done = run("import", "mail", str(tmp_path / "m.eml"), "--inspect", "--dkim", f"{NAME}={tmp_path / 'key.txt'}")
        assert done.exit_code == Exit.UNDECIDABLE
        assert "of its headers has not the form of a header" in done.stderr


def test_a_date_or_a_subject_in_a_part_is_none_of_the_mail(tmp_path: Path) -> None:
    inner = b"--B\r\nDate: Sun, 01 Mar 2026 10:00:00 +0100\r\nSubject: PPO-1\r\nContent-Type: text/plain\r\n"
    data = mail(files=[("a.pdf", b"%PDF")]).replace(b"--B\r\nContent-Type: text/plain\r\n", inner, 1)
    undated = data.replace(b"Date: Tue, 03 Mar 2026 10:15:00 +0100\r\n", b"", 1).replace(b"Subject: Re: ", b"X: ", 1)
    item = read(tmp_path, undated)
    assert (item["date"], item["subject"]) == (None, "")


# -- stamps and results of a server ------------------------------------------------------------------------------------


def test_a_stamp_of_a_server_is_its_claim_and_proves_nothing(tmp_path: Path) -> None:
    word = f"Authentication-Results: {SERVER}; dkim=pass header.d=skylark.example"
    (tmp_path / "m.eml").write_bytes(mail(before=[word]))
    (item,) = reply("import", "mail", str(tmp_path / "m.eml"), "--inspect", "--server", SERVER)["mails"]
    assert f"{SERVER} states: dkim=pass (skylark.example)" in item["says"]
    assert (
        f"these are the claims of {SERVER}, which was named: any holder of the file can have written them"
        in (item["says"])
    )
    assert NOTHING in item["says"]


# -- reports -----------------------------------------------------------------------------------------------------------


STAMPED = "2026-03-03T09:15:30+00:00"  # by the server that is named
REPORTED = "2026-03-02T08:00:05+00:00"
STATED = "2026-03-01T12:00:00+00:00"
DKIM = ("--dkim", f"{NAME}=KEY")
TIMELESS = delivery_report().replace(b"Arrival-Date", b"X-A").replace(b"Last-Attempt-Date", b"X-L")
REPORT = signed(delivery_report(), PRIVATE)
CLAIM = "its time is the claim of the report, which anybody can write: no receipt is proven"
PROVEN_BY = {
    f"mail-stamped-by-{SERVER}": f"its time is the claim of {SERVER}, the server that was named",
    "mail-signed-by-skylark.example": "its time is that of the report, which skylark.example signs",
}
REPORTS = [
    (delivery_report(), (), REPORTED, "mail", CLAIM),
    (delivery_report(), ("--server", "mx.other.example"), REPORTED, "mail", CLAIM),
    (delivery_report(), ("--server", SERVER), STAMPED, f"mail-stamped-by-{SERVER}", ""),
    (delivery_report(), DKIM, REPORTED, "mail", f"not shown by DKIM: it has no signature of {NAME}"),
    (REPORT, DKIM, REPORTED, "mail-signed-by-skylark.example", ""),
    (REPORT, (*DKIM, "--server", SERVER), REPORTED, "mail-signed-by-skylark.example", ""),
    (REPORT, (*DKIM, "--on", "2026-03-01T12:00:00Z"), STATED, "mail", ""),
    (
        signed(delivery_report().replace(b"DAEMON@mx.skylark", b"DAEMON@mx.court"), PRIVATE),
        *(DKIM, REPORTED, "mail", CLAIM),
    ),
    (
        b"To: x@court.example\r\n" + REPORT,
        *(DKIM, REPORTED, "mail", "not shown by DKIM: the mail has To 2 times, and 1 of them signed"),
    ),
    (
        signed(TIMELESS, PRIVATE, include_headers=["from", "to", "subject", "content-type"]),
        *(DKIM, REPORTED, "mail", "its time is the claim of its header Date"),
    ),
    (signed(TIMELESS, PRIVATE), DKIM, REPORTED, "mail-signed-by-skylark.example", ""),
]


def test_a_report_of_delivery_is_a_claim_unless_its_domain_signs_it_or_the_named_server_stamped_it(
    tmp_path: Path,
) -> None:
    ledger = ledger_of("S1", tmp_path)
    orders = [opening(f"PPO-{n}", identifiers="skylark") for n in range(len(REPORTS))]
    table = written(tmp_path / "t.csv", orders, HEAD.replace("identifiers", "providers"))
    reply("import", str(table), "--as", "ilves", ledger=ledger)
    (tmp_path / "key.txt").write_text(RECORD)
    for number, (data, more, on, code, says) in enumerate(REPORTS):
        (tmp_path / "m.eml").write_bytes(data)
        args = [each.replace("KEY", str(tmp_path / "key.txt")) for each in more]
        named = (str(tmp_path / "m.eml"), "--order", f"PPO-{number}", "--as", "ilves")
        done = run("import", "mail", *named, *args, ledger=ledger)
        assert done.exit_code == 0, done.output
        with Journal.open(ledger, writable=False) as journal:
            entry = max(journal.case(journal.find(f"PPO-{number}")).entries, key=lambda e: e.index)
        proven = code in PROVEN_BY
        assert (entry.on.isoformat(), entry.on_source == "receipt-stamp") == (on, proven), number
        assert entry.get("proof_kind") == ("delivery-receipt" if proven else None)
        assert entry.get("proof")["code"] == code
        assert PROVEN_BY.get(code, says) in done.stderr


def test_a_report_within_a_mail_that_is_forwarded_or_returned_is_no_report_of_this_mail(tmp_path: Path) -> None:
    inner = b"--R\r\nContent-Type: message/rfc822\r\n\r\n" + delivery_report().replace(b'"R"', b'"S"').replace(
        b"--R", b"--S"
    )
    forwarded = (
        b'From: a@b.example\r\nDate: Tue, 03 Mar 2026 10:15:00 +0100\r\nContent-Type: multipart/mixed; boundary="R"\r\n'
        b"\r\n" + inner + b"\r\n--R--\r\n"
    )
    attached = delivery_report().replace(b"multipart/report", b"multipart/mixed")
    failed = delivery_report("failed")
    returned = failed.replace(b"--R\r\nContent-Type: text/rfc822-headers\r\n", inner + b"\r\n--R\r\nX: y\r\n")
    assert returned != failed
    for data, actions in ((forwarded, []), (attached, []), (returned, ["failed"])):
        (tmp_path / "m.eml").write_bytes(data)
        (item,) = reply("import", "mail", str(tmp_path / "m.eml"), "--inspect")["mails"]
        found = [says.split()[2] for says in item["says"] if says.startswith("it reports: ")]
        assert found == actions
