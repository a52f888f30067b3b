"""A deadline that ran out with nothing done is recorded once, by the office whose role it is."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands import lapse as module
from cli.commands.lapse import _node, unanswered
from cli.exit_codes import Stop
from cli.invocation import Invocation
from ledger.application.commit_heads import ROLE
from ledger.entries.case import wire
from ledger.law.terms.rule import ClockVerdict

NOW = datetime(2027, 6, 1, 12, tzinfo=UTC)
DUE = datetime(2027, 5, 1, 22, tzinfo=UTC)


def clock(**changed: Any) -> Any:
    said = {
        "id": "D-7-7",
        "policy": "2AP-CAL",
        "verdict": ClockVerdict.MISSED,
        "met_by": (),
        "due": DUE,
        "trigger": None,
    }
    return SimpleNamespace(**{**said, **changed})


def recorded(**changed: str) -> Any:
    said = {"deadline": "D-7-7", "policy": "2AP-CAL", "due": wire(DUE), **changed}
    return SimpleNamespace(kind="deadline-lapsed", get=said.get)


@pytest.mark.parametrize(
    ("changed", "entries", "found"),
    [
        ({}, (), True),
        ({"verdict": ClockVerdict.OPEN}, (), False),
        ({"met_by": ("leaf",)}, (), False),
        ({"due": None}, (), False),
        ({}, (recorded(),), False),
        ({}, (recorded(due="2027-05-02T22:00:00Z"),), True),
        ({}, (recorded(policy="EU-CAL"),), True),
        ({}, (recorded(deadline="E-10-3"),), True),
        ({}, (SimpleNamespace(kind="order-issued"),), True),
    ],
)
def test_a_clock_that_ended_unmet_and_is_not_on_record_is_found(
    changed: dict[str, Any], entries: tuple[Any, ...], found: bool
) -> None:
    case: Any = SimpleNamespace(entries=entries)
    one = clock(**changed)
    assert unanswered(case, (one,)) == ([one] if found else [])


@pytest.mark.parametrize(("words", "orders"), [((), ["a", "b"]), (("PPO-1",), ["id of PPO-1"])])
@pytest.mark.parametrize("dry", [False, True])
def test_every_lapsed_deadline_is_recorded_with_what_started_it(
    words: tuple[str, ...], orders: list[str], dry: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[Any] = []
    emitted: list[Any] = []
    journal = SimpleNamespace(
        now=lambda: NOW,
        orders=lambda: iter(["a", "b"]),
        record=lambda fact, order, signer: done.append((fact, order, signer)),
    )
    clocks = [clock(), clock(id="E-10-3", trigger="leaf")]
    monkeypatch.setattr(module, "writing", lambda: nullcontext(journal))
    monkeypatch.setattr(module, "find", lambda of, name: f"id of {name}")
    monkeypatch.setattr(module, "case_of", lambda of, name: name)
    monkeypatch.setattr(module, "judge", lambda case, moment: SimpleNamespace(deadlines=()))
    monkeypatch.setattr(module, "unanswered", lambda case, of: clocks)
    monkeypatch.setattr(module, "_node", lambda of, actor: f"signer {actor}")
    monkeypatch.setattr(module, "build", lambda kind, public, sealed: (kind, public))
    monkeypatch.setattr("cli.terminal.output.emit", lambda answer, columns, rows: emitted.append(answer))
    module.lapse.main([*words, *(["--dry-run"] if dry else [])], standalone_mode=False, obj=Invocation())
    (answer,) = emitted
    assert (answer.recorded, [item.order for item in answer.lapsed]) == (not dry, [o for o in orders for _ in clocks])
    stated = {"deadline": "D-7-7", "policy": "2AP-CAL", "due": wire(DUE)}
    started = {"deadline": "E-10-3", "policy": "2AP-CAL", "due": wire(DUE), "trigger": "leaf"}
    expected = [(("deadline-lapsed", f), o, "signer None") for o in orders for f in (stated, started)]
    assert done == ([] if dry else expected)


def test_that_no_deadline_lapsed_is_said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    journal = SimpleNamespace(now=lambda: NOW, orders=lambda: iter(()))
    monkeypatch.setattr(module, "writing", lambda: nullcontext(journal))
    monkeypatch.setattr(module, "_node", lambda of, actor: "signer")
    module.lapse.main([], standalone_mode=False, obj=Invocation())
    assert "no clock ended unmet that is not on record already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("here", "signs"), [(("node",), "node"), ((), None), (("node", "other"), None), (("ilves",), None)]
)
def test_the_only_office_of_the_role_with_a_key_here_signs(
    here: tuple[str, ...], signs: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("node", "other", "ilves")
    keys = {name: f"{n:064x}" for n, name in enumerate(names)}
    offices = {name: SimpleNamespace(actor=name, roles=("ISS",) if name == "ilves" else (ROLE,)) for name in names}
    keyring = SimpleNamespace(offices=offices, current=lambda name: [SimpleNamespace(public=keys[name])])
    journal: Any = SimpleNamespace(read_keyring=lambda: keyring, home=SimpleNamespace(keys="keys"))
    monkeypatch.setattr(module, "listed", lambda folder: {name: bytes.fromhex(keys[name]) for name in here})
    monkeypatch.setattr(module, "hand", lambda *said: said[2:4])
    named: Any = _node(journal, "given")
    assert named == ("given", ROLE)
    if signs is not None:
        found: Any = _node(journal, None)
        assert found == (signs, ROLE)
        return
    with pytest.raises(Stop) as stopped:
        _node(journal, None)
    many = ", ".join(name for name in here if name != "ilves") or "none"
    assert stopped.value.message == f"offices in the role {ROLE} whose key is here: {many}"
