"""What is more than a claim: the stamp and the results of a named server, and a signature under a key handed in."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ledger.application.intake.mail.authentication import check_key, word_of_server
from ledger.application.intake.mail.mail_fact import sentences
from ledger.application.intake.mail.mail_file import read_mail
from ledger.errors import RecordError
from tests.support.intake.mails import SERVER, key, mail, signed

NAME = "s1._domainkey.skylark.example"
PASSED = (
    f"Authentication-Results: {SERVER}; spf=pass smtp.mailfrom=skylark.example; "
    "dkim=pass (2048 bit) header.d=skylark.example"
)


def test_the_stamp_of_the_named_server_dates_a_mail_only_if_it_is_the_topmost() -> None:
    taken = datetime(2026, 3, 3, 9, 15, 30, tzinfo=UTC)
    assert word_of_server(read_mail(mail(), "m"), SERVER).taken == taken
    later = mail(before=["Received: by evil.example; Tue, 03 Mar 2026 12:00:00 +0100"])
    assert word_of_server(read_mail(later, "m"), SERVER).taken is None
    assert word_of_server(read_mail(mail(), "m"), "mx.other.example").taken is None


def test_results_count_above_the_stamp_of_their_server() -> None:
    word = word_of_server(read_mail(mail(before=[PASSED]), "m"), SERVER.upper())
    assert word.results == (("spf", "pass", "skylark.example"), ("dkim", "pass", "skylark.example"))
    assert word_of_server(read_mail(mail(before=[PASSED]), "m"), "mx.other.example").results == ()


def test_results_that_the_sender_wrote_below_the_stamp_count_only_if_no_others_are_there() -> None:
    forged = PASSED.replace("pass", "fail")
    stamp = f"by {SERVER}; Tue, 03 Mar 2026 10:15:30 +0100\r\n{PASSED}"
    alone = word_of_server(read_mail(mail(stamp=stamp), "m"), SERVER)
    assert (len(alone.results), "if it removes those that a sender wrote" in alone.note) == (2, True)
    both = word_of_server(read_mail(mail(stamp=f"{stamp}\r\n{forged}"), "m"), SERVER)
    assert both.results == ()
    assert "a sender can have put them" in both.note
    above = word_of_server(read_mail(mail(before=[forged], stamp=stamp), "m"), SERVER)
    assert ({result for _, result, _ in above.results}, above.note) == ({"fail"}, "")


def test_results_in_a_mail_that_the_server_did_not_take_do_not_count() -> None:
    handed_on = mail(before=[PASSED], stamp="by mx.evil.example; Tue, 03 Mar 2026 10:15:30 +0100")
    assert word_of_server(read_mail(handed_on, "m"), SERVER).results == ()


def test_a_server_with_a_longer_name_is_another_server() -> None:
    forged = PASSED.replace(SERVER, f"{SERVER}.evil.example")
    assert word_of_server(read_mail(mail(before=[forged]), "m"), SERVER).results == ()


def test_results_in_a_comment_are_no_results() -> None:
    said = f"Authentication-Results: {SERVER}; none (dkim=pass header.d=skylark.example; spf=pass)"
    assert word_of_server(read_mail(mail(before=[said]), "m"), SERVER).results == ()


def test_a_signature_holds_under_its_key_and_under_no_other() -> None:
    private, record = key()
    data = signed(mail(), private)
    held = check_key(read_mail(data, "m"), record, NAME)
    assert (held.holds, held.domain) == (True, "skylark.example")
    assert "date" in held.headers
    assert not check_key(read_mail(data, "m"), key()[1], NAME).holds
    assert (
        "no signature of s2._domainkey" in check_key(read_mail(data, "m"), record, "s2._domainkey.skylark.example").why
    )


@pytest.mark.parametrize(("old", "new"), [(b"We have", b"We had"), (b"10:15:00", b"10:14:00"), (b"legal@", b"legae@")])
def test_a_changed_mail_does_not_hold(old: bytes, new: bytes) -> None:
    private, record = key()
    assert not check_key(read_mail(signed(mail(), private).replace(old, new), "m"), record, NAME).holds


def test_a_signature_over_the_beginning_of_a_mail_does_not_count() -> None:
    private, record = key()
    data = signed(mail(), private, length=True) + b"and send the data to me\r\n"
    assert "only the beginning" in check_key(read_mail(data, "m"), record, NAME).why


def test_a_mail_with_the_line_ends_of_another_system_holds() -> None:
    private, record = key()
    assert check_key(read_mail(signed(mail(), private).replace(b"\r\n", b"\n"), "m"), record, NAME).holds


@pytest.mark.parametrize(("record", "name"), [("nothing", NAME), ("v=DKIM1; p=", "skylark.example")])
def test_a_key_of_another_form_is_refused(record: str, name: str) -> None:
    with pytest.raises(RecordError) as error:
        check_key(read_mail(mail(), "m"), record, name)
    assert error.value.code == "MAIL-KEY"


def test_the_words_say_that_nothing_is_proven_unless_something_is() -> None:
    read = read_mail(mail(), "m")
    nothing = "nothing in it is proven: a header is what somebody wrote"
    assert nothing in sentences(read, None, None)
    assert nothing in sentences(read, word_of_server(read, SERVER), None)
    private, record = key()
    held = read_mail(signed(mail(), private), "m")
    assert nothing not in sentences(held, None, check_key(held, record, NAME))


FOREIGN = b"DKIM-Signature: v=1; a=rsa-sha256; d=other.example; s=x; h=from; bh=AAAA; b=AAAA\r\n"


@pytest.mark.parametrize(("others", "holds"), [(0, True), (9, True), (10, False)])
def test_a_signature_is_looked_for_among_the_first_ten(others: int, holds: bool) -> None:
    private, record = key()
    data = FOREIGN * others + signed(mail(), private)
    assert check_key(read_mail(data, "m"), record, NAME).holds is holds


def test_a_signature_that_cannot_be_read_is_said_and_hides_no_other() -> None:
    private, record = key()
    broken = FOREIGN.replace(b"bh=AAAA; ", b"")
    assert check_key(read_mail(broken + signed(mail(), private), "m"), record, NAME).holds
    alone = check_key(read_mail(broken + mail(), "m"), record, NAME)
    assert (alone.holds, "cannot be checked" in alone.why) == (False, True)


@pytest.mark.parametrize(
    ("headers", "taken", "results", "noted"),
    [
        ([], False, 0, False),
        ([f"Received: by {SERVER}; Tue, 03 Mar 2026 10:15:30 +0100"], True, 0, False),
        ([PASSED], False, 0, True),
        ([f"Received: by {SERVER}; Tue, 03 Mar 2026 10:15:30 +0100", PASSED], True, 2, False),
        ([PASSED, f"Received: by {SERVER}; Tue, 03 Mar 2026 10:15:30 +0100"], True, 2, False),
        ([PASSED.replace("Authentication-Results", "X-Results")], False, 0, False),
        (["Authentication-Results:", f"Received: by {SERVER}; Tue, 03 Mar 2026 10:15:30 +0100"], True, 0, False),
        ([f"Received: by {SERVER}; Tue, 03 Mar 2026 10:15:30 +0100", PASSED, PASSED], True, 0, True),
    ],
)
def test_results_of_a_server_count_only_with_its_stamp_and_are_else_said_not_to_be_read(
    headers: list[str], taken: bool, results: int, noted: bool
) -> None:
    data = "".join(f"{header}\r\n" for header in [*headers, "From: a@b"]) + "\r\ntext"
    word = word_of_server(read_mail(data.encode(), "m"), f" {SERVER}. ")
    assert (word.taken is not None, len(word.results), "not read" in word.note) == (taken, results, noted)


def test_the_first_fifty_results_are_read_with_the_domain_where_one_is_stated() -> None:
    many = "; ".join(["Dkim=PASS", *(f"spf=none smtp.mailfrom=D{n}.example" for n in range(1, 51))])
    data = f"Authentication-Results: {SERVER}; {many}\r\nReceived: by {SERVER}; x\r\n\r\n"
    results = word_of_server(read_mail(data.encode(), "m"), SERVER).results
    assert results == (("dkim", "pass", ""), *(("spf", "none", f"d{n}.example") for n in range(1, 50)))
