"""Whose act a mail shows, and of which order, follows from what it quotes and from the record."""

from __future__ import annotations

import json
from contextlib import nullcontext
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from cli.exit_codes import Exit, Stop
from cli.imports import mail as module
from cli.imports.mail import AttachedItem, MailItem, _addressed, _item, _named, _read, _text
from cli.invocation import Invocation


def mail(subject: str, *names: str) -> Any:
    return SimpleNamespace(subject=subject, files=[SimpleNamespace(name=name) for name in names])


def named(*quoted: str, subject: str = "") -> str:
    known = ["PPO-1", "PPO-12", "PPO-1/2027", "KA 7"]
    journal: Any = SimpleNamespace(store=SimpleNamespace(references=lambda: ((each, "order") for each in known)))
    return _named(journal, mail(subject or " and ".join(quoted), "x.pdf"), "a.eml")


def test_a_mail_quotes_one_order_on_record() -> None:
    assert named("PPO-1") == "PPO-1"
    assert named("PPO-12") == "PPO-12"
    assert named("KA 7") == "KA 7"
    assert named(subject="re: ppo-1/2027") == "PPO-1/2027", "and not PPO-1, which is a part of it"


@pytest.mark.parametrize(
    ("quoted", "says"), [(("PPO-1", "KA 7"), "quotes several orders: PPO-1, KA 7"), (("PPO-2",), "quotes no order")]
)
def test_a_mail_that_quotes_none_or_several_is_refused(quoted: tuple[str, ...], says: str) -> None:
    with pytest.raises(Stop, match=f"^a.eml {says}") as stopped:
        named(*quoted)
    assert (stopped.value.code, stopped.value.hint) == (Exit.REFUSED, "--order names it")


def case(*addressees: str, providers: tuple[str, ...] = ("skylark",)) -> Any:
    issued = SimpleNamespace(kind="order-issued", get=lambda name, default: providers)
    sent = [SimpleNamespace(kind="order-transmitted", public={"addressee": each}) for each in addressees]
    return SimpleNamespace(entries=(issued, *sent))


@pytest.mark.parametrize(
    ("kind", "whose", "fields"),
    [
        ("order-transmitted", None, {"addressee": "harbor", "channel": "mail"}),
        ("order-transmitted", "lind", {"addressee": "lind", "channel": "mail"}),
        ("order-received", None, {"actor": "harbor"}),
        ("order-received", "lind", {"actor": "lind"}),
        ("data-disclosed", None, {}),
        ("data-disclosed", "lind", {"actor": "lind"}),
    ],
)
def test_a_receipt_is_the_act_of_the_addressee_and_other_acts_are_of_whom_is_named(
    kind: str, whose: str | None, fields: dict[str, str]
) -> None:
    assert _addressed(kind, whose, case("skylark", "harbor")) == fields


def test_an_addressee_that_is_not_known_is_asked_for() -> None:
    assert _addressed("order-received", None, case()) == {"actor": "skylark"}
    for providers in ((), ("skylark", "harbor")):
        with pytest.raises(Stop, match="who was to receive it"):
            _addressed("order-received", None, case(providers=providers))
    assert _addressed("data-disclosed", None, case(providers=())) == {}


def test_a_key_is_named_with_its_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.imports.intake.prepared.bytes_of", lambda file, most=0: f"{file} {most}".encode())
    monkeypatch.setattr("ledger.application.intake.mail.mail_file.read_mail", lambda data, file: (data, file))
    module = "ledger.application.intake.mail.authentication"
    monkeypatch.setattr(f"{module}.check_key", lambda message, key, name: (key, name))
    monkeypatch.setattr(f"{module}.word_of_server", lambda message, server: server)
    read: Any = _read("a.eml", "mx.example", "s1.example=key.txt")
    assert read == ((b"a.eml 0", "a.eml"), "mx.example", ("key.txt 65536", "s1.example"))
    assert _read("a.eml", None, None)[1:] == (None, None)
    with pytest.raises(Stop, match="--dkim s1: this is NAME=FILE"):
        _read("a.eml", None, "s1")


# -- the command -------------------------------------------------------------------------------------------------------

NOW = datetime(2027, 6, 1, 12, tzinfo=UTC)


class Mails:
    """Mails by the name of their file, what each is a fact of, and the rows of the table that was imported."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.doubts, self.tables, self.asked = ["a claim"], list[Any](), list[Any]()
        fact = "ledger.application.intake.mail.mail_fact"
        patch.setattr(module, "_read", lambda file, server, dkim: (SimpleNamespace(sha256=f"d {file}"), server, dkim))
        patch.setattr(f"{fact}.fact_of", self.fact_of)
        patch.setattr(f"{fact}.doubts", lambda mail, fact, key: [*self.doubts, *([key] if key else [])])
        patch.setattr(f"{fact}.attached_in", lambda mail, known: ["a.pdf"] if mail.sha256 == "d b.eml" else [])
        patch.setattr(f"{fact}.cells_of", lambda mail, fact, order: {"order": order, "mail": mail.sha256})
        patch.setattr(module, "_named", lambda journal, mail, file: f"quoted in {file}")
        patch.setattr(module, "_addressed", lambda kind, whose, record: {"kind": kind, "actor": whose})
        patch.setattr("cli.session.open_ledger.writing", lambda: nullcontext("journal"))
        patch.setattr("cli.session.open_ledger.find", lambda journal, name: f"id of {name}")
        patch.setattr("cli.session.open_ledger.case", lambda journal, order: order)
        entry = SimpleNamespace(kind="order-received", seq=4)
        patch.setattr("cli.imports.delivery.documents", lambda record: {"d known.eml": entry})
        patch.setattr("cli.imports.import_run.import_table", self.import_table)

    def fact_of(self, mail: Any, file: str, kind: str, word: Any, on: Any, key: Any) -> Any:
        self.asked.append((file, kind, word, on, key))
        return SimpleNamespace(kind=kind or "order-received")

    def import_table(self, table: Any, options: Any, *, dry_run: bool) -> Exit:
        rows = [json.loads(line) for line in table.getvalue().splitlines()]
        self.tables.append((rows, options.names, options.most, options.actor, dry_run))
        return Exit.FINDINGS

    def run(self, *words: str) -> Exit:
        return Exit(module.mail.main([*words], standalone_mode=False, obj=Invocation()))


@pytest.fixture
def mails(monkeypatch: pytest.MonkeyPatch) -> Mails:
    return Mails(monkeypatch)


def test_each_mail_that_is_not_on_record_is_a_row_of_its_order(
    mails: Mails, capsys: pytest.CaptureFixture[str]
) -> None:
    assert mails.run("a.eml", "known.eml", "b.eml", "-f", "x=ä", "--dry-run") is Exit.FINDINGS
    ((rows, names, most, actor, dry_run),) = mails.tables
    assert rows == [
        {"order": f"id of quoted in {file}", "mail": f"d {file}", "kind": "order-received", "actor": None, "x": "ä"}
        for file in ("a.eml", "b.eml")
    ]
    assert (names, most, actor, dry_run) == (("a.eml", "b.eml"), 20, None, True)
    assert capsys.readouterr().err.splitlines() == [
        "a.eml: a claim",
        "known.eml: on record already, order-received, entry #4",
        "b.eml: a.pdf is a document on record in quoted in b.eml, by digest",
        "b.eml: a claim",
    ]


def test_what_is_said_of_all_mails_is_in_each_row(mails: Mails, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--order", "PPO-1", "--kind", "data-disclosed", "--whose", "orn", "--server", "mx", "--dkim", "k=f")
    files = [f"{n}.eml" for n in range(21)]
    mails.run(*files, *words, "--unregistered", "--on", "2027-06-01T12:00:00Z")
    ((rows, names, most, _, dry_run),) = mails.tables
    assert (len(rows), len(names), most, dry_run) == (21, 21, 21, False)
    assert rows[0] == {
        "order": "id of PPO-1", "mail": "d 0.eml", "kind": "data-disclosed", "actor": "orn", "unregistered": "yes",
    }  # fmt: skip
    assert mails.asked[0] == ("0.eml", "data-disclosed", "mx", NOW, "k=f")
    assert capsys.readouterr().err.splitlines()[:2] == ["0.eml: a claim", "0.eml: k=f"]


def test_a_mail_is_inspected_with_what_it_claims_and_what_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.application.intake.mail.mail_fact.sentences", lambda *said: ["one.", "two."])
    file = SimpleNamespace(name="a.pdf", media="application/pdf", size=3, sha256="ef")
    message: Any = SimpleNamespace(
        sha256="ab", size=9, sender="a@x", to=("b@x",), subject="s", message_id="m", date=NOW, files=(file,)
    )
    word: Any = SimpleNamespace(taken=NOW)
    key: Any = SimpleNamespace(holds=False)
    full, bare = _item("in/a.eml", message, word, key), _item("b.eml", message, None, None)
    assert full == MailItem(
        "in/a.eml", "ab", 9, "a@x", ["b@x"], "s", "m", NOW, NOW, False,
        [AttachedItem("a.pdf", "application/pdf", 3, "ef")], ["one.", "two."],
    )  # fmt: skip
    assert (bare.taken, bare.holds) == (None, None)
    assert _text([full, bare]) == "a.eml\n  one.\n  two.\nb.eml\n  one.\n  two."


def test_inspecting_prints_the_mails_and_imports_nothing(mails: Mails, monkeypatch: pytest.MonkeyPatch) -> None:
    printed: list[Any] = []
    monkeypatch.setattr("cli.imports.mail.output.emit", lambda *said, text: printed.append((*said, text)))
    monkeypatch.setattr(module, "_item", lambda *each: each[0])
    monkeypatch.setattr(module, "_text", lambda items: f"text of {items}")
    assert mails.run("a.eml", "b.eml", "--inspect") is Exit.DONE
    ((answer, columns, rows, text),) = printed
    assert (answer.mails, rows, text()) == (["a.eml", "b.eml"], ["a.eml", "b.eml"], "text of ['a.eml', 'b.eml']")
    assert columns == ("file", "sha256", "sender", "subject", "date")
    assert mails.tables == []
