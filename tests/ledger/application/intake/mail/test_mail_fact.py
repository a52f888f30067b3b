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
def test_a_report_of_an_arrival_is_a_receipt_at_its_time(action: str) -> None:
    mail = replace(MAIL, reports=(report(action),))
    receipt = MailFact(RECEIVED, LATER, "receipt-stamp", "delivery-receipt")
    assert fact_of(mail, "m") == fact_of(mail, "m", RECEIVED) == receipt
    assert fact_of(mail, "m", at=NOON).at == NOON
    assert fact_of(mail, "m", SENT) == MailFact(SENT, NOON, "", "")
    assert fact_of(replace(mail, reports=(report(action, None),)), "m").at == NOON  # its Date


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
    assert fact_of(MAIL, "m", RECEIVED) == MailFact(RECEIVED, NOON, "", "")
    assert fact_of(MAIL, "m", RECEIVED, stamped) == MailFact(RECEIVED, LATER, "receipt-stamp", "")
    assert fact_of(MAIL, "m", RECEIVED, word(None)) == MailFact(RECEIVED, NOON, "", "")
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
TAKEN = "mx.example states that it took the mail at 2027-03-01T13:00:00Z"
HOLDS, FAILS = KeyWord(True, "b.example", ("from", "to")), KeyWord(False, "b.example", (), "it was changed")


@pytest.mark.parametrize(
    ("server", "key", "said"),
    [
        (word(LATER), None, [TAKEN]),
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
        (None, HOLDS, [SIGNED]),
        (None, FAILS, ["not shown by DKIM: it was changed", NOTHING]),
        (
            word(None),
            HOLDS,
            [
                "the newest stamp is not of mx.example",
                SIGNED,
            ],
        ),
        (
            word(LATER),
            FAILS,
            [TAKEN, "not shown by DKIM: it was changed"],
        ),
    ],
)
def test_what_a_server_or_a_key_shows_is_said_with_who_shows_it(
    server: ServerWord | None, key: KeyWord | None, said: list[str]
) -> None:
    assert list(sentences(MAIL, server, key))[3:] == said


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
