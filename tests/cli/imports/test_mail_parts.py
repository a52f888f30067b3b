"""Whose act a mail shows, and of which order, follows from what it quotes and from the record."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from cli.exit_codes import Exit, Stop
from cli.imports.mail import _addressed, _named, _read


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
