"""Each person gets one mail a day about what is due, if their office may see it; nothing sealed is in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from ledger.errors import LedgerError, RecordError
from ledger.messages import LANGUAGES
from server.jobs.digest import send_digests
from server.jobs.settings import Mail, Person, Settings
from server.jobs.state import JobStore
from server.jobs.table import Place
from tests.generate.messages import left_in_english
from tests.server.jobs.sinks import mail_sink

NOW = datetime(2027, 6, 1, 9, tzinfo=UTC).timestamp()
ILVES = Person("ilves", "dina@court.example", within=20)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JobStore]:
    with closing(JobStore(tmp_path)) as opened:
        yield opened


def settings(port: int, *people: Person) -> Settings:
    return Settings({}, Mail("127.0.0.1", "office@court.example", port, "none"), people)


def test_a_person_gets_one_mail_a_day_that_names_order_deadline_and_end(ledger: Path, store: JobStore) -> None:
    with mail_sink() as (port, taken):
        for now in (NOW, NOW + 3_600, NOW + 86_400):
            send_digests(settings(port, ILVES), store, Place(ledger, ledger, now))
    assert len(taken) == 2
    mail = taken[0]
    assert (mail["To"], mail["From"], mail["Auto-Submitted"]) == (
        "dina@court.example", "office@court.example", "auto-generated",
    )  # fmt: skip
    assert mail["Subject"] == "Deadlines: 1; the first ends 2027-06-10"
    text = mail.get_content()
    assert "2027-06-10 00:00  9ee263c9" in text
    assert "NOTICE-REVIEW" in text
    assert taken[0]["Message-ID"] != taken[1]["Message-ID"]


@pytest.mark.parametrize("lang", LANGUAGES[1:])
def test_a_mail_is_in_the_language_of_the_person(lang: str, ledger: Path, store: JobStore) -> None:
    with mail_sink() as (port, taken):
        send_digests(settings(port, replace(ILVES, language=lang)), store, Place(ledger, ledger, NOW))
    assert left_in_english(f"{taken[0]['Subject']}\n{taken[0].get_content()}", lang) == []


def test_nothing_is_sent_where_nothing_ends_within_the_days_of_the_person(ledger: Path, store: JobStore) -> None:
    with mail_sink() as (port, taken):
        send_digests(settings(port, replace(ILVES, within=3)), store, Place(ledger, ledger, NOW))
    assert taken == []


def test_an_office_without_a_key_hears_nothing(ledger: Path, store: JobStore) -> None:
    with mail_sink() as (port, taken), pytest.raises(RecordError, match="KEY-UNKNOWN"):
        send_digests(settings(port, Person("nobody", "x@y.example")), store, Place(ledger, ledger, NOW))
    assert taken == []


def test_a_mail_that_is_not_taken_is_sent_with_the_next_run_and_stops_no_other(ledger: Path, store: JobStore) -> None:
    others = settings(0, ILVES, replace(ILVES, mail="ivo@court.example"))
    assert others.mail is not None
    with mail_sink(refuse="dina@") as (port, taken):
        given = Settings({}, replace(others.mail, port=port), others.people)
        with pytest.raises(LedgerError, match="MAIL-REFUSED"):
            send_digests(given, store, Place(ledger, ledger, NOW))
        assert [mail["To"] for mail in taken] == ["ivo@court.example"]
    with mail_sink() as (port, taken):
        send_digests(Settings({}, replace(others.mail, port=port), others.people), store, Place(ledger, ledger, NOW))
        assert [mail["To"] for mail in taken] == ["dina@court.example"]


def test_a_mail_that_is_sent_again_after_a_crash_has_the_same_id(ledger: Path, tmp_path: Path) -> None:
    ids = []
    for name in ("one", "two"):  # the second file does not know that the first has sent
        (tmp_path / name).mkdir()
        with closing(JobStore(tmp_path / name)) as store, mail_sink() as (port, taken):
            send_digests(settings(port, ILVES), store, Place(ledger, ledger, NOW))
            ids.append(taken[0]["Message-ID"])
    assert ids[0] == ids[1]


def test_a_mail_server_that_is_not_there_is_an_error_with_a_code(ledger: Path, store: JobStore) -> None:
    with pytest.raises(LedgerError, match="MAIL-REFUSED"):
        send_digests(settings(9, ILVES), store, Place(ledger, ledger, NOW))


def test_a_password_goes_over_tls_alone(ledger: Path, store: JobStore) -> None:
    with mail_sink() as (port, taken):
        given = Settings({}, Mail("127.0.0.1", "office@court.example", port, "starttls"), (ILVES,))
        with pytest.raises(LedgerError, match="MAIL-REFUSED"):  # the sink has no TLS: nothing is sent in the open
            send_digests(given, store, Place(ledger, ledger, NOW))
    assert taken == []
