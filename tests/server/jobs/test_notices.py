"""Each person who asked for it gets at most one mail a day of what is new, in orders that they may see."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ledger.adapters.folders.ledger_folder import read_folder
from ledger.errors import LedgerError
from ledger.messages import LANGUAGES
from server.identity.accounts import Accounts
from server.identity.database import open_database
from server.jobs.notices import send_notices
from server.jobs.settings import Mail, Person, Settings, settings_of
from server.jobs.state import JobStore
from server.jobs.table import Place
from server.work.store import WorkStore
from tests.generate.messages import left_in_english
from tests.server.jobs.sinks import mail_sink
from tests.support.cli import ledger_of, reply

NOW = datetime(2027, 6, 1, 9, tzinfo=UTC).timestamp()
DAY = 86_400


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return ledger_of("S2", tmp_path)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JobStore]:
    with closing(JobStore(tmp_path)) as opened:
        yield opened


def settings(port: int, *people: Person) -> Settings:
    return Settings({}, Mail("127.0.0.1", "office@court.example", port, "none"), people)


def waiting(ledger: Path, office: str, address: str, *whys: str, language: str = "en") -> str:
    """Give a new person of an office notices on the order of the ledger; return the account."""
    order = str(reply("orders", ledger=ledger)["orders"][0]["order"])
    with closing(open_database(read_folder(ledger))) as database:
        account = Accounts(database).add(f"Person at {address}", office).id
        work = WorkStore(database)
        work.keep_mail_choice(account, address, language)
        for why in whys:
            work.notify([account], order, why, "someone")
        work.add_note(order, office, account, "Geheimwort-7")
    return account


def test_a_mail_has_references_and_counts_and_no_note_and_no_name(place: Path, store: JobStore) -> None:
    waiting(place, "ilves", "dina@court.example", "note", "note", "mention")
    with mail_sink() as (port, taken):
        for now in (NOW, NOW + 3_600, NOW + DAY):
            send_notices(settings(port), store, Place(place, place, now))
    (mail,) = taken
    text = mail.get_content()
    assert (mail["To"], mail["Auto-Submitted"]) == ("dina@court.example", "auto-generated")
    assert mail["Subject"] == "Notices: 3; orders: 1"
    assert "9ee263c9  notes that name you: 1, notes: 2" in text
    assert not [word for word in ("Geheimwort", "Person at", "someone") if word in text]


@pytest.mark.parametrize("lang", LANGUAGES[1:])
def test_a_mail_is_in_the_language_that_the_person_chose(lang: str, place: Path, store: JobStore) -> None:
    waiting(place, "ilves", "dina@court.example", "note", language=lang)
    with mail_sink() as (port, taken):
        send_notices(settings(port), store, Place(place, place, NOW))
    assert left_in_english(f"{taken[0]['Subject']}\n{taken[0].get_content()}", lang) == []


def test_a_second_mail_comes_on_another_day_with_what_is_new_alone(place: Path, store: JobStore) -> None:
    account = waiting(place, "ilves", "dina@court.example", "note")
    with mail_sink() as (port, taken):
        send_notices(settings(port), store, Place(place, place, NOW))
        with closing(open_database(read_folder(place))) as database:
            WorkStore(database).notify([account], str(reply("orders", ledger=place)["orders"][0]["order"]), "assigned")
        for now in (NOW + 3_600, NOW + DAY):
            send_notices(settings(port), store, Place(place, place, now))
    assert [mail["Subject"] for mail in taken] == ["Notices: 1; orders: 1"] * 2
    assert "assigned to you: 1" in taken[1].get_content()
    assert taken[0]["Message-ID"] != taken[1]["Message-ID"]


def test_no_mail_goes_to_an_address_of_another_domain(place: Path, store: JobStore) -> None:
    waiting(place, "ilves", "dina@elsewhere.example", "note")
    waiting(place, "ilves", "dina@court.example.evil.example", "note")
    with mail_sink() as (port, taken):
        send_notices(settings(port), store, Place(place, place, NOW))
        assert taken == []
        send_notices(settings(port, Person("ilves", "ivo@elsewhere.example")), store, Place(place, place, NOW))
    assert [mail["To"] for mail in taken] == ["dina@elsewhere.example"]


def test_a_locked_person_and_one_who_may_not_see_the_order_get_no_mail(place: Path, store: JobStore) -> None:
    locked = waiting(place, "ilves", "dina@court.example", "note")
    with closing(open_database(read_folder(place))) as database:
        Accounts(database).lock(locked)
        blind = Accounts(database).add("Blind", "harbor", ("AUD",)).id  # a role that the office does not hold
        order = str(reply("orders", ledger=place)["orders"][0]["order"])
        WorkStore(database).keep_mail_choice(blind, "blind@court.example", "en")
        WorkStore(database).notify([blind], order, "note")
    with mail_sink() as (port, taken):
        send_notices(settings(port), store, Place(place, place, NOW))
    assert taken == []


def test_a_mail_that_is_not_taken_is_sent_with_the_next_run_and_stops_no_other(place: Path, store: JobStore) -> None:
    for name in ("dina", "ivo"):
        waiting(place, "ilves", f"{name}@court.example", "note")
    with mail_sink(refuse="dina@") as (port, taken):
        with pytest.raises(LedgerError, match="MAIL-REFUSED"):
            send_notices(settings(port), store, Place(place, place, NOW))
        assert [mail["To"] for mail in taken] == ["ivo@court.example"]
    with mail_sink() as (port, taken):
        send_notices(settings(port), store, Place(place, place, NOW))
        assert [mail["To"] for mail in taken] == ["dina@court.example"]


def test_the_job_needs_the_table_of_mail() -> None:
    with pytest.raises(ValueError, match="the job notices needs the table"):
        settings_of({"jobs": {"notices": {}}}, ("notices",))
