"""The keys of a ledger are listed with their state, where they are valid, and whether they are here."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands import key as module
from cli.commands.key import _named, _of_office, _state, list_
from cli.exit_codes import Stop
from cli.invocation import Invocation


def registered(**changed: Any) -> Any:
    said = {"actor": "ilves", "public": "ab" * 32, "roles": ("ISS",), "accepted": 4, "ended": None, "reported": None}
    return SimpleNamespace(**{**said, "suspected_since": "2027-03-01T00:00:00Z", **changed})


@pytest.mark.parametrize(
    ("changed", "state"),
    [
        ({}, "current"),
        ({"accepted": None}, "pending"),
        ({"ended": 9}, "ended"),
        ({"ended": 9, "accepted": None}, "ended"),
        ({"ended": 9, "reported": 7}, "compromised since 2027-03-01T00:00:00Z"),
        ({"reported": 0}, "compromised since 2027-03-01T00:00:00Z"),
    ],
)
def test_the_state_of_a_key_is_the_worst_that_is_on_record(changed: dict[str, Any], state: str) -> None:
    assert _state(registered(**changed)) == state


@pytest.mark.parametrize("form", ["table", "json"])
def test_a_key_is_valid_between_two_entries(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [
        registered(accepted=-1, ended=9),
        registered(accepted=0, public="cd" * 32),
        registered(accepted=None, actor="orn"),
    ]
    keyring = SimpleNamespace(
        keys=dict(enumerate(keys)), offices={"ilves": SimpleNamespace(party="XO")},
        admit=lambda opened, index: None,
    )  # fmt: skip
    cases = SimpleNamespace(registry="registry", opened_registry=lambda: [(0, "opened")])
    reader = SimpleNamespace(folder=SimpleNamespace(path="ledger", registrar="registrar"), cases=cases)
    emitted: list[Any] = []
    monkeypatch.setattr("cli.session.ledger_reader.reading", lambda: nullcontext(reader))
    monkeypatch.setattr("ledger.adapters.folders.user_folders.Home.of", lambda path: SimpleNamespace(keys="keys"))
    monkeypatch.setattr("ledger.adapters.keys.key_files.listed", lambda folder: {"mine": bytes.fromhex("cd" * 32)})
    monkeypatch.setattr("ledger.entries.keyring.Keyring", lambda registry, registrar: keyring)
    monkeypatch.setattr("cli.terminal.output.emit", lambda answer, columns, rows: emitted.append((answer.keys, rows)))
    list_.main([], standalone_mode=False, obj=Invocation(format=form))
    ((items, rows),) = emitted
    assert [(i.actor, i.party, i.from_, i.to, i.here) for i in items] == [
        ("ilves", "XO", "genesis", "#9", ""), ("ilves", "XO", "#0", "", "mine"), ("orn", "", "", "", ""),
    ]  # fmt: skip
    assert [row.key for row in rows] == [
        f"{k[:16]}..." if form == "table" else k for k in ("ab" * 32, "cd" * 32, "ab" * 32)
    ]


def test_the_key_of_an_office_at_a_server_is_the_file_of_its_name(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ledger.adapters.folders.user_folders.Home.user", lambda: SimpleNamespace(keys=tmp_path))
    assert _named("ilves") is None
    (tmp_path / "ilves").touch()
    assert _named("ilves") == str(tmp_path / "ilves")


def test_a_fact_about_an_office_that_no_register_knows_is_refused() -> None:
    journal: Any = SimpleNamespace(read_keyring=lambda: SimpleNamespace(offices={"ilves": 1}))
    fact = _of_office(journal, "key-revoked", {"actor": "ilves", "cause": "lost"})
    assert fact.kind == "key-revoked"
    with pytest.raises(Stop, match="orn is not in the register"):
        _of_office(journal, "key-revoked", {"actor": "orn", "cause": "lost"})


@pytest.mark.parametrize(
    ("said", "kept", "asked"), [("own", "file", "own"), (None, "file", "file"), (None, None, None)]
)
def test_a_server_is_asked_with_the_key_that_is_named_else_with_that_of_the_office(
    said: str | None, kept: str | None, asked: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages: list[Any] = []

    def served(url: str, secret: Any, actor: Any, key: str | None) -> Any:
        messages.append((url, actor, key))
        return nullcontext(SimpleNamespace(accept=lambda of: f"receipt of {of}"))

    monkeypatch.setattr(module, "_named", lambda actor: kept)
    monkeypatch.setattr("cli.remote.server_target.recording_served", served)
    monkeypatch.setattr("cli.terminal.receipt.tell", lambda target, *words: messages.append(words))
    module._accept_at("https://office.example", "ilves", said)
    assert messages == [("https://office.example", None, asked), ("key-accepted", "receipt of ilves")]
