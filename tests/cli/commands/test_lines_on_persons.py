"""The lines that `comity account`, `guest` and `exchange` print about persons and peers, word by word."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("fido2", reason="needs the extra `server`")

from cli.commands import exchange, guest
from cli.exit_codes import Exit, Stop
from server.exchange.documents import ExchangeAnswer, Refusal
from tests.support.cli import House, run


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(tmp_path_factory.mktemp("lines")).furnished()


def test_an_account_is_shown_with_its_id_its_ways_and_whether_it_is_locked(house: House) -> None:
    made = house.run("account", "add", "Ivo Orn", "--office", "ilves", "--role", "ISS", "--role", "ISS")
    assert made.exit_code == Exit.DONE, made.output
    (item,) = [each for each in house.reply("account", "list")["accounts"] if each["name"] == "Ivo Orn"]
    assert item["roles"] == ["ISS"]
    assert made.stdout.splitlines() == ["Ivo Orn, ilves", f"  id {item['id']}"]
    assert made.stderr == "a code to register a passkey: comity account code 'Ivo Orn'\n"
    key = str(house.keys / "ilves.pub")
    linked = house.run("account", "link", "Ivo Orn", "--key", key).stdout.splitlines()
    assert linked[:2] == ["Ivo Orn, ilves", f"  id {item['id']}"]
    assert [line.split()[0] for line in linked[2:]] == ["key"]
    subject = ("--issuer", "https://login.example", "--subject", "4471")
    linked = house.run("account", "link", "Ivo Orn", *subject).stdout.splitlines()
    assert linked[3:] == ["  subject https://login.example 4471"]
    for wrong in ((), subject[:2], subject[2:], (*subject, "--key", key)):
        assert house.run("account", "link", "Ivo Orn", *wrong).exit_code == Exit.USAGE
    assert house.run("account", "lock", "Ivo Orn").stdout.startswith("Ivo Orn, ilves (locked)\n")
    refused = house.run("account", "code", "Ivo Orn")
    assert refused.exit_code == Exit.REFUSED
    assert "the account of Ivo Orn is locked" in refused.stderr
    assert "comity account unlock 'Ivo Orn'" in refused.stderr
    assert house.run("account", "unlock", "Ivo Orn").stdout.startswith("Ivo Orn, ilves\n")
    code = house.run("account", "code", "Ivo Orn")
    assert len(code.stdout.strip().replace("-", "")) == 20
    first, second = code.stderr.splitlines()
    assert first == "the person types it at /sign-in of the server, within 30 minutes"
    assert second.startswith("the signing page has to show these words for the key of the ledger: ")
    out = house.run("account", "sign-out", "Ivo Orn")
    assert out.stderr == "0 sessions were ended\n"
    acts = [each["act"] for each in house.reply("account", "acts")["acts"]]
    assert len(acts) >= 5
    unlinked = house.run("account", "unlink", "Ivo Orn", "4471").stdout
    assert "subject" not in unlinked
    asked = house.run("account", "remove", "Ivo Orn")
    assert (asked.exit_code, "Ivo Orn: the account is deleted" in asked.stderr) == (Exit.USAGE, True)
    removed = house.run("account", "remove", "Ivo Orn", "--yes")
    assert removed.stderr.splitlines()[-1] == "the account of Ivo Orn is deleted"
    assert house.run("account", "code", "Ivo Orn").exit_code != Exit.DONE


# -- guests ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://office.example", "https://office.example"),
        ("https://office.example/at//", "https://office.example/at"),
        ("http://localhost:7373/", "http://localhost:7373"),
        ("http://127.0.0.1:7373", "http://127.0.0.1:7373"),
    ],
)
def test_a_link_is_at_an_address_by_tls_or_of_this_machine(url: str, base: str) -> None:
    assert guest._base(url) == base


@pytest.mark.parametrize(
    "url", ["http://office.example", "office.example", "https://a.example/#x", "https://a.example/?x", "https://a b"]
)
def test_any_other_address_is_refused(url: str) -> None:
    with pytest.raises(Stop, match="is no address of a server"):
        guest._base(url)


@pytest.mark.parametrize(
    ("state", "hours", "shown"),
    [("open", 1, "open"), ("open", -1, "expired"), ("used", -1, "used"), ("revoked", 1, "revoked")],
)
def test_an_open_invitation_expires_and_another_stays_what_it_is(state: str, hours: int, shown: str) -> None:
    until = datetime.now(UTC) + timedelta(hours=hours)
    i: Any = SimpleNamespace(
        id="i",
        name="Ida",
        office="skylark",
        by_office="ilves",
        by_name="n",
        made=0,
        until=until.timestamp(),
        state=state,
    )
    item = guest._invitation(i)
    assert (item.state, item.made, item.until) == (shown, datetime(1970, 1, 1, tzinfo=UTC), until)
    assert (item.id, item.name, item.office, item.by_office, item.by_name) == ("i", "Ida", "skylark", "ilves", "n")


def test_the_newest_version_of_an_order_says_who_has_issued_it() -> None:
    def entry(kind: str, by: str, authority: str | None) -> Any:
        return SimpleNamespace(kind=kind, by=by, get=lambda name: {"issuing_authority": authority}[name])

    def issuer(*entries: Any) -> str:
        case: Any = SimpleNamespace(entries=entries)
        return guest._issuer(case)

    assert issuer(entry("order-issued", "a", "one"), entry("order-issued", "b", "two")) == "two"
    assert issuer(entry("order-issued", "a", None), entry("order-received", "b", "two")) == "a"
    with pytest.raises(Stop, match="no entry says who has issued this order"):
        issuer(entry("order-received", "b", "two"))


def test_guests_and_invitations_that_are_not_used_are_listed_line_by_line(monkeypatch: pytest.MonkeyPatch) -> None:
    far = datetime.now(UTC).timestamp() + 9999
    said = {"office": "skylark", "by_office": "ilves", "by_name": "n", "made": 0, "until": far}
    asked = [
        SimpleNamespace(id="i1", name="Ida", state="used", **said),
        SimpleNamespace(id="i2", name="Ivo", state="open", **said),
    ]
    guests = [
        SimpleNamespace(name="Ida", account="a", office="skylark", since=0, locked=False),
        SimpleNamespace(name="Una", account="b", office="skylark", since=0, locked=True),
    ]
    invitations = SimpleNamespace(of_order=lambda order: asked, guests_of=lambda order: guests)

    @contextmanager
    def opened() -> Iterator[Any]:
        yield SimpleNamespace(find=lambda order: f"id of {order}"), invitations

    monkeypatch.setattr(guest, "_opened", opened)
    assert run("guest", "list", "P-1").stdout.splitlines() == [
        "Ida, skylark: a guest",
        "Una, skylark: access has ended",
        "Ivo, skylark: invitation i2 open",
    ]
    asked.clear()
    guests.clear()
    assert run("guest", "list", "P-1").stdout == "no guest, no invitation\n"


# -- exchange ----------------------------------------------------------------------------------------------------------


def test_what_was_sent_and_came_is_listed_and_a_ledger_without_exchange_has_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    sent = SimpleNamespace(peer="skylark", digest="d1", state="waiting", at=0, reason=None)
    answer = ExchangeAnswer("log", "d2", "quarantined", [], Refusal("CTX-KEY", "no key"))
    came = SimpleNamespace(peer="harbor", digest="d2", at=86400, answer=answer)

    @contextmanager
    def store() -> Iterator[Any]:
        yield SimpleNamespace(sent=lambda: [sent], received=lambda: [came])

    monkeypatch.setattr(exchange, "_store", store)
    monkeypatch.setattr("cli.session.ledger_choice.ledger_folder", lambda: str(tmp_path))
    assert run("exchange", "list", "--format", "csv").stdout.splitlines() == ["way,peer,digest,state,since,code"]
    (tmp_path / "exchange.db").touch()
    assert run("exchange", "list", "--format", "csv").stdout.splitlines() == [
        "way,peer,digest,state,since,code",
        "to,skylark,d1,waiting,1970-01-01T00:00:00Z,",
        "from,harbor,d2,quarantined,1970-01-02T00:00:00Z,CTX-KEY",
    ]


@pytest.mark.parametrize(("reason", "code"), [(None, ""), (Refusal("CTX-KEY", "no key"), "CTX-KEY")])
def test_a_bundle_is_refused_with_its_reason(
    reason: Refusal | None, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled: list[Any] = []
    item = SimpleNamespace(
        peer="skylark", size=7, digest="5b1c", answer=ExchangeAnswer("log", "5b1c", "quarantined", [], reason)
    )

    @contextmanager
    def store() -> Iterator[Any]:
        yield SimpleNamespace(held=lambda digest: (item, b""), settle=lambda *of: settled.append(of))

    monkeypatch.setattr(exchange, "_store", store)
    monkeypatch.setattr("cli.session.ledger_choice.ledger_folder", lambda: "ledger")
    monkeypatch.setattr(exchange, "read_folder", lambda path: SimpleNamespace(origin="log.example"))
    for because in ("", "  ", "x" * 1001):
        assert run("exchange", "refuse", "5b1c", "--because", because).exit_code == Exit.USAGE
    assert settled == []
    for because in ("wrong office", "x" * 1000):
        done = run("exchange", "refuse", "5b1c", "--because", because, "--format", "csv")
        assert (done.exit_code, done.stdout.splitlines()[1].split(",")[:3]) == (
            Exit.DONE,
            ["skylark", "5b1c", "refused"],
        )
        peer, size, answer = settled.pop()
        assert (peer, size) == ("skylark", 7)
        assert answer == ExchangeAnswer("log.example", "5b1c", "refused", [], Refusal(code, because))
