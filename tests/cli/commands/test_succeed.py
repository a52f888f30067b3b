"""An interrupted succession goes on; a complete one, another ledger, or none is not gone on with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands import succeed
from cli.exit_codes import Exit, Stop
from cli.session import ledger_reader
from ledger.adapters.keys.key_files import SeedKey
from ledger.entries.keyring import Registrar
from tests.support.memory_ledger import Ledger, small

OLD, NEW = "ledger.test/xo/karsk", "ledger.test/xo/karsk/2"


def registrar(ledger: Ledger) -> Registrar:
    return Registrar(ledger.keeper.actor, ledger.keeper.party, ledger.keeper.key)


def heir(predecessor: str | None) -> Ledger:
    """Return a ledger whose first entry names its predecessor, if it has one."""
    if predecessor is None:
        return small(origin=NEW)[0]
    ledger = Ledger(origin=NEW)
    fact = {"predecessor": predecessor, "size": 5, "root": "ab" * 32, "cause": "planned"}
    ledger.record(ledger.keeper, "log-succeeded", fact, loose=True)
    return ledger


@pytest.mark.parametrize(
    ("ledger", "origin", "signs", "begun"),
    [
        (heir(OLD), NEW, True, True),
        (heir(OLD), NEW, False, False),
        (heir(OLD), f"{NEW}/3", True, False),
        (heir("ledger.test/other"), NEW, True, False),
        (heir(None), NEW, True, False),
        (Ledger(origin=NEW), NEW, False, True),
    ],
    ids=["interrupted", "complete", "another origin", "another predecessor", "no successor", "without an entry"],
)
def test_a_succession_goes_on_while_the_old_guard_signs(
    ledger: Ledger, origin: str, signs: bool, begun: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = [(n, raw) for n, raw in enumerate(ledger.entries)]
    who = registrar(ledger)

    @contextmanager
    def reading(_: Path) -> Iterator[Any]:
        yield SimpleNamespace(
            folder=SimpleNamespace(origin=ledger.origin, registrar=who),
            store=SimpleNamespace(order=lambda _: order),
            cases=SimpleNamespace(registry=ledger.registry),
        )

    monkeypatch.setattr(ledger_reader, "reading", reading)
    monkeypatch.setattr(succeed, "signs", lambda home, predecessor: signs)
    home: Any = None
    assert not succeed._begun(tmp_path, origin, who, home, OLD), "there is no ledger"
    (tmp_path / "trust").mkdir()
    (tmp_path / "trust" / "policy").write_bytes(ledger.policy())
    assert succeed._begun(tmp_path, origin, who, home, OLD) is begun
    other = Registrar("somebody", who.party, who.key)
    assert not succeed._begun(tmp_path, origin, other, home, OLD)


def test_the_key_of_the_registrar_is_found_or_named(tmp_path: Path) -> None:
    home: Any = SimpleNamespace(keys=tmp_path)
    key, other = SeedKey(bytes([1] * 32)), SeedKey(bytes([2] * 32))
    who = Registrar("registrar", "XO", key.public.hex())
    with pytest.raises(Stop, match="the key of registrar is not here") as stopped:
        succeed._registrars(home, who, None)
    assert stopped.value.code == Exit.UNDECIDABLE
    monkey = pytest.MonkeyPatch()
    with monkey.context() as patch:
        patch.setattr(succeed, "open_key", lambda file: other if file == "other" else key)
        with pytest.raises(Stop, match="other is not the key of registrar") as stopped:
            succeed._registrars(home, who, "other")
        assert stopped.value.code == Exit.REFUSED
        assert succeed._registrars(home, who, "right") is key
        patch.setattr(succeed, "listed", lambda keys: {"a": other.public, "mine": key.public})
        patch.setattr(succeed, "open_key", lambda file: key if file == str(tmp_path / "mine") else other)
        assert succeed._registrars(home, who, None) is key
