"""Who signs is the office that is named, else the only one with a key here; its role and key must fit."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.exit_codes import Exit, Stop
from cli.session import open_ledger
from cli.session.open_ledger import _held, _only_one, _role, hand

KEYS = {name: f"{n:064x}" for n, name in enumerate(("ilves", "orn", "lind"))}


def journal(*here: str, current: tuple[str, ...] = tuple(KEYS), monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a ledger of three offices; the keys of some are on this machine, and `current` may sign."""
    monkeypatch.setattr(open_ledger, "listed", lambda folder: {name: bytes.fromhex(KEYS[name]) for name in here})
    monkeypatch.setattr(open_ledger, "opened", lambda reference: f"key of {Path(reference).name}")
    keys = {name: SimpleNamespace(public=public, actor=name) for name, public in KEYS.items()}
    keyring = SimpleNamespace(
        keys=keys,
        offices={name: SimpleNamespace(roles=("ISS", "CT")) for name in KEYS},
        current=lambda actor: [keys[actor]] if actor in current else [],
    )
    return SimpleNamespace(
        home=SimpleNamespace(keys=Path("keys")),
        read_keyring=lambda: keyring,
        signer=lambda *said, accepts: (*said, accepts),
    )


def test_without_a_name_the_only_office_with_a_key_here_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _only_one(journal("orn", monkeypatch=monkeypatch)) == "orn"
    with pytest.raises(Stop, match="who signs") as stopped:
        _only_one(journal("orn", "ilves", monkeypatch=monkeypatch))
    assert stopped.value.hint == "say --as ACTOR; keys of ilves, orn are here"
    with pytest.raises(Stop, match="who signs") as stopped:
        _only_one(journal(monkeypatch=monkeypatch))
    assert stopped.value.hint == "say --as ACTOR; no key of this ledger's offices is here"


def test_the_key_of_an_office_is_the_one_here_that_may_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    key: Any = _held(journal("orn", "ilves", monkeypatch=monkeypatch), "ilves")
    assert key == "key of ilves"
    with pytest.raises(Stop, match=r"ilves has no key here \(keys\)") as stopped:
        _held(journal("orn", monkeypatch=monkeypatch), "ilves")
    assert stopped.value.code is Exit.UNDECIDABLE
    with pytest.raises(Stop, match="ilves has no key that may sign now"):
        _held(journal("ilves", current=("orn",), monkeypatch=monkeypatch), "ilves")


@pytest.mark.parametrize(
    ("kind", "held", "role"),
    [
        ("order-issued", ("CT", "ISS"), "ISS"),
        ("order-issued", ("SP",), "SP"),  # the law judges it later
        ("order-issued", ("CT", "AUD"), None),
        ("no-such-kind", ("CT",), "CT"),
        ("no-such-kind", ("CT", "ISS"), None),
    ],
)
def test_an_office_signs_in_the_role_that_fits_or_its_only_one(
    kind: str, held: tuple[str, ...], role: str | None
) -> None:
    if role is not None:
        assert _role(kind, "ilves", held) == role
        return
    with pytest.raises(Stop, match=f"ilves could sign {kind} as {' or '.join(held)}"):
        _role(kind, "ilves", held)


def test_an_office_a_role_and_a_key_that_are_named_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = journal("orn", monkeypatch=monkeypatch)
    signers: list[Any] = [
        hand(ledger, "order-issued", *named)
        for named in ((None, None, None), ("orn", "CT", None), ("ilves", None, "a/file"))
    ]
    assert signers == [
        ("orn", "ISS", "key of orn", False), ("orn", "CT", "key of orn", False), ("ilves", "ISS", "key of file", False),
    ]  # fmt: skip
    with pytest.raises(Stop, match="no office 'somebody' in the register") as stopped:
        hand(ledger, "order-issued", "somebody", None, None)
    assert stopped.value.hint == "there are ilves, lind, orn"
    with pytest.raises(Stop, match="--role XYZ: no such role"):
        hand(ledger, "order-issued", "orn", "XYZ", None)
