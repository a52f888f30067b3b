"""A mail is evidence of one fact with one moment, and says of everything else that it is a claim."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from ledger.application.intake.mail import authentication
from ledger.application.intake.mail.authentication import KeyWord, ServerWord, check_key
from ledger.application.intake.mail.mail_fact import (
    RECEIVED,
    SENT,
    MailFact,
    attached_in,
    cells_of,
    document_field,
    doubts,
    fact_of,
    orders_named,
    sentences,
)
from ledger.application.intake.mail.mail_file import DeliveryReport, Mail, MailFile
from ledger.errors import LedgerError, RecordError
from ledger.facts import kind_of

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
FILE = MailFile("order.pdf", "application/pdf", 7, "ab" * 32)
MAIL = Mail(
    "message/rfc822", 99, "cd" * 32, "a@b.example", ("c@d.example",), "KA-1", "<1@b>", NOON, (), (FILE,), (), ()
)


def report(action: str, at: datetime | None = LATER) -> DeliveryReport:
    return DeliveryReport(action, "c@d.example", at, "<0@b>", "mx.example")


def word(taken: datetime | None, *results: tuple[str, str, str], note: str = "") -> ServerWord:
    return ServerWord("mx.example", taken, results, note)


def refused(mail: Mail, kind: str = "", server: ServerWord | None = None) -> RecordError:
    with pytest.raises(RecordError) as raised:
        fact_of(mail, "m.eml", kind, server)
    assert (raised.value.code, raised.value.where) == ("MAIL-FACT", "m.eml")
    return raised.value


@pytest.mark.parametrize("action", ["delivered", "displayed"])
def test_a_report_of_an_arrival_is_a_receipt_at_its_time_if_it_is_signed_and_else_a_claim(action: str) -> None:
    mail = replace(MAIL, reports=(report(action),), headers=(("from", "a@mx.b.example"),))
    proven, word_of = ("receipt-stamp", "delivery-receipt"), ("signature", "b.example")
    assert fact_of(mail, "m") == fact_of(mail, "m", RECEIVED) == MailFact(RECEIVED, LATER, "", "", "report")
    assert fact_of(mail, "m", key=FAILS) == fact_of(mail, "m")
    assert fact_of(mail, "m", RECEIVED, word(NOON), key=HOLDS) == MailFact(RECEIVED, LATER, *proven, *word_of)
    assert fact_of(mail, "m", at=NOON, key=HOLDS) == MailFact(RECEIVED, NOON, "", "")
    assert fact_of(mail, "m", SENT, key=HOLDS) == MailFact(SENT, NOON, "", "", "date")
    timeless = replace(mail, reports=(report(action, None),))
    assert fact_of(timeless, "m", key=HOLDS) == MailFact(RECEIVED, NOON, "", "", "date")
    dated = replace(HOLDS, headers=("from", "date"))
    assert fact_of(timeless, "m", key=dated) == MailFact(RECEIVED, NOON, *proven, *word_of)
    stamp = ("stamp", "mx.example")
    assert fact_of(timeless, "m", "", word(LATER), key=HOLDS) == MailFact(RECEIVED, LATER, *proven, *stamp)
    assert fact_of(mail, "m", "", word(NOON)) == MailFact(RECEIVED, NOON, *proven, *stamp)
    of_another = replace(mail, headers=(("from", "a@c.example"),))
    assert fact_of(of_another, "m", key=HOLDS) == fact_of(mail, "m")


@pytest.mark.parametrize("action", ["failed", "expired", "deleted"])
def test_a_report_of_a_failure_is_no_receipt_unless_another_one_arrived(action: str) -> None:
    mail = replace(MAIL, reports=(report(action),))
    for kind in ("", RECEIVED):
        assert f"was not delivered ({action})" in refused(mail, kind).says
    assert fact_of(mail, "m", SENT).kind == SENT
    assert fact_of(replace(mail, reports=(report(action), report("delivered"))), "m").kind == RECEIVED
    assert "does not say what it shows" in refused(replace(MAIL, reports=(report("relayed"),))).says


def test_the_moment_is_the_stated_one_else_the_stamp_of_the_server_else_the_claim_of_the_header() -> None:
    stamped = word(LATER)
    assert fact_of(MAIL, "m", RECEIVED) == MailFact(RECEIVED, NOON, "", "", "date")
    by_server = MailFact(RECEIVED, LATER, "receipt-stamp", "", "stamp", "mx.example")
    assert fact_of(MAIL, "m", RECEIVED, stamped) == by_server
    assert fact_of(MAIL, "m", RECEIVED, word(None)) == MailFact(RECEIVED, NOON, "", "", "date")
    given = NOON - timedelta(days=1)
    assert fact_of(MAIL, "m", RECEIVED, stamped, given) == MailFact(RECEIVED, given, "", "")
    assert fact_of(MAIL, "m", RECEIVED, stamped, LATER).on_source == "receipt-stamp"
    undated = replace(MAIL, date=None)
    assert "does not say when" in refused(undated, RECEIVED).says
    assert "does not say when" in refused(undated, RECEIVED, word(None)).says
    assert refused(MAIL).hint == f"state the kind, as {SENT} or {RECEIVED}"


def test_a_row_names_the_mail_by_its_digest_and_has_the_same_id_each_time() -> None:
    row = cells_of(MAIL, MailFact(RECEIVED, NOON, "", ""), "KA-1")
    document = {"code": "mail", "media": "message/rfc822", "size": 99, "sha256": MAIL.sha256}
    assert (row["order"], row["kind"], row["occurred"], row[document_field(RECEIVED)]) == (
        "KA-1",
        RECEIVED,
        "2027-03-01T12:00:00Z",
        document,
    )
    assert {"on_source", "proof_kind"} & row.keys() == set()
    receipt = cells_of(MAIL, MailFact(RECEIVED, LATER, "receipt-stamp", "delivery-receipt"), "KA-1")
    assert (receipt["on_source"], receipt["proof_kind"]) == ("receipt-stamp", "delivery-receipt")
    assert (receipt["id"], len(row["id"])) == (row["id"], 32)
    for source, by, code in (
        ("stamp", "mx.example", "mail-stamped-by-mx.example"),
        ("signature", "b.example", "mail-signed-by-b.example"),
        ("stamp", "x" * 64, f"mail-stamped-by-{'x' * 64}"),
        ("stamp", "x" * 65, "mail"),
        ("signature", "ü.example", "mail"),
        ("date", "", "mail"),
    ):
        kept = cells_of(MAIL, MailFact(RECEIVED, NOON, "", "", source, by), "KA-1")
        assert (kept[document_field(RECEIVED)]["code"], kept["id"]) == (code, row["id"])
    others = [
        cells_of(replace(MAIL, sha256="00" * 32), MailFact(RECEIVED, NOON, "", ""), "KA-1"),
        cells_of(MAIL, MailFact(SENT, NOON, "", ""), "KA-1"),
        cells_of(MAIL, MailFact(RECEIVED, NOON, "", ""), "KA-2"),
    ]
    assert len({row["id"], *(each["id"] for each in others)}) == 4
    with pytest.raises(RecordError, match="rests on no document"):
        document_field("key-revoked")
    assert document_field(RECEIVED) in kind_of(RECEIVED).fields()


def test_an_order_is_named_by_the_subject_or_by_the_name_of_a_file() -> None:
    assert orders_named(MAIL, ["KA-1", "KA-10", "order", "A-1"]) == ["KA-1", "order"]
    assert attached_in(MAIL, [FILE.sha256]) == ["order.pdf"]
    assert attached_in(MAIL, []) == []


def test_every_claim_of_a_mail_is_said_to_be_one() -> None:
    assert list(sentences(MAIL, None, None)) == [
        "its headers claim: from a@b.example, to c@d.example, Date 2027-03-01T12:00:00Z",
        f"subject 'KA-1', Message-ID <1@b>; SHA-256 {MAIL.sha256}",
        f"file order.pdf, 7 bytes, SHA-256 {FILE.sha256}",
        "nothing in it is proven: a header is what somebody wrote",
    ]
    bare = replace(MAIL, sender="", to=(), date=None, message_id="", files=(replace(FILE, name=""),))
    bare = replace(bare, reports=(report("delivered"), DeliveryReport("failed", "", None, "", "")))
    assert list(sentences(bare, None, None))[:-1] == [
        "its headers claim: from no sender, to no one, Date no moment",
        f"subject 'KA-1', Message-ID none; SHA-256 {MAIL.sha256}",
        f"file without a name, 7 bytes, SHA-256 {FILE.sha256}",
        "it reports: delivered to c@d.example at 2027-03-01T13:00:00Z, mail <0@b>",
        "it reports: failed to no one at an unknown moment, mail unnamed",
    ]


NOTHING = "nothing in it is proven: a header is what somebody wrote"
SIGNED = "a DKIM signature of b.example holds under the key handed in, over from, to and the text"
OTHER = "the signature is of b.example, and From names another domain"
TAKEN = "mx.example states that it took the mail at 2027-03-01T13:00:00Z"
CLAIMS = "these are the claims of mx.example, which was named: any holder of the file can have written them"
HOLDS, FAILS = KeyWord(True, "b.example", ("from", "to")), KeyWord(False, "b.example", (), "it was changed")


@pytest.mark.parametrize(
    ("server", "key", "said"),
    [
        (word(LATER), None, [TAKEN, CLAIMS, NOTHING]),
        (word(None), None, ["the newest stamp is not of mx.example", NOTHING]),
        (
            word(None, ("dkim", "pass", "b.example"), ("spf", "none", ""), note="they are old"),
            None,
            [
                "the newest stamp is not of mx.example",
                "mx.example states: dkim=pass (b.example), spf=none",
                "they are old",
                NOTHING,
            ],
        ),
        (None, HOLDS, [SIGNED, OTHER]),
        (None, FAILS, ["not shown by DKIM: it was changed", NOTHING]),
        (
            word(None),
            HOLDS,
            [
                "the newest stamp is not of mx.example",
                SIGNED,
                OTHER,
            ],
        ),
        (
            word(LATER),
            FAILS,
            [TAKEN, CLAIMS, "not shown by DKIM: it was changed", NOTHING],
        ),
    ],
)
def test_what_a_server_or_a_key_shows_is_said_with_who_shows_it(
    server: ServerWord | None, key: KeyWord | None, said: list[str]
) -> None:
    assert list(sentences(MAIL, server, key))[3:] == said


def test_what_is_not_taken_from_a_mail_and_whose_word_its_time_is_are_said_before_it_is_recorded() -> None:
    twice = "it has more than one Message-ID: programs read different ones, so nothing is taken from it"
    mail = replace(MAIL, repeated=("message-id",))
    said = {
        "stamp": "its time is the claim of mx.example, the server that was named",
        "signature": "its time is that of the report, which mx.example signs",
        "report": "its time is the claim of the report, which anybody can write: no receipt is proven",
        "date": "its time is the claim of its header Date; the stamp of a server that is named would date it",
    }
    for source, says in said.items():
        fact = MailFact(RECEIVED, NOON, "", "", source, "mx.example")
        assert list(doubts(mail, fact, FAILS)) == [twice, "not shown by DKIM: it was changed", says]
        assert list(doubts(MAIL, fact, HOLDS)) == [says]
    assert list(doubts(MAIL, MailFact(RECEIVED, NOON, "", ""), None)) == []
    assert twice in sentences(mail, None, None)
    headers = (("from", "a@b.example"), ("date", "x"), ("to", "c@d"), ("x-a", ""), ("subject", ""))
    assert list(sentences(replace(MAIL, headers=headers), None, HOLDS))[3:] == [
        SIGNED,
        "not signed, and so claims: Subject, Date",
    ]


def test_a_key_is_taken_as_record_as_pem_and_as_base64(monkeypatch: pytest.MonkeyPatch) -> None:
    import base64

    short, rsa = base64.b64encode(bytes(32)).decode(), base64.b64encode(bytes(162)).decode()
    for given, record in {
        "v=DKIM1; p=abc": "v=DKIM1; p=abc",
        ' "v=DKIM1;  k=rsa; "\n "p=abc" ': "v=DKIM1; k=rsa; p=abc",
        '"v=DKIM1; k=rs" "a; p=ab"\n"c"': "v=DKIM1; k=rsa; p=abc",
        "p=abc": "p=abc",
        short: f"v=DKIM1; k=ed25519; p={short}",
        f"-----BEGIN PUBLIC KEY-----\n{rsa[:64]}\n{rsa[64:]}\n-----END PUBLIC KEY-----\n": f"v=DKIM1; k=rsa; p={rsa}",
        base64.b64encode(bytes(100)).decode(): f"v=DKIM1; k=rsa; p={base64.b64encode(bytes(100)).decode()}",
    }.items():
        assert authentication._record_of(given) == record.encode()
    for nothing in ("", "words", base64.b64encode(bytes(99)).decode(), base64.b64encode(bytes(33)).decode()):
        with pytest.raises(RecordError, match="MAIL-KEY"):
            authentication._record_of(nothing)


def test_a_mail_without_its_signed_bytes_shows_nothing_and_no_library_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("dkim", reason="needs the extra `mail`")
    said = check_key(MAIL, "v=DKIM1; p=abc", "S._domainkey.B.example. ")
    assert (said.holds, said.domain, "keeps no signed bytes" in said.why) == (False, "b.example", True)
    for name in ("s.b.example", "._domainkey.b.example", "s._domainkey.", ""):
        with pytest.raises(RecordError, match="names no key"):
            check_key(MAIL, "v=DKIM1; p=abc", name)
    import sys

    modules: Any = sys.modules
    monkeypatch.setitem(modules, "dkim", None)
    with pytest.raises(LedgerError, match="NO-MAIL"):
        check_key(MAIL, "v=DKIM1; p=abc", "s._domainkey.b.example")
