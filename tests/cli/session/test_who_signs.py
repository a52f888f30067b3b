"""Who signs is the office that is named, else the only one with a key here; its role and key must fit."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from cli.exit_codes import Exit, Stop
from cli.session import open_ledger
from cli.session.open_ledger import _held, _only_one, hand, the_role
from tests.support.cli import House

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
        assert the_role(kind, "ilves", held) == role
        return
    with pytest.raises(Stop, match=f"ilves could sign {kind} as {' or '.join(held)}"):
        the_role(kind, "ilves", held)


@pytest.mark.parametrize(
    ("kind", "used", "role"),
    [
        ("evidence-received", {"ISS"}, "ISS"),
        ("evidence-received", {"RET"}, "RET"),
        ("evidence-received", {"ISS", "CT"}, "ISS"),
        ("order-transmitted", {"RET"}, "ISS"),  # only this one fits
        ("evidence-received", {"ISS", "RET"}, None),
        ("evidence-received", {"CT"}, None),
        ("evidence-received", set(), None),
    ],
)
def test_of_several_roles_that_fit_it_is_the_one_in_which_the_office_has_signed_in_the_order(
    kind: str, used: set[str], role: str | None
) -> None:
    if role is not None:
        assert the_role(kind, "ilves", ("RET", "ISS"), used) == role
        return
    with pytest.raises(Stop, match=f"ilves could sign {kind} as RET or ISS"):
        the_role(kind, "ilves", ("RET", "ISS"), used)


def test_an_office_with_two_roles_types_none_in_an_order_that_it_makes(tmp_path: Path) -> None:
    house = House(tmp_path).begun().with_office("ilves", "ISS", "RET")
    issue = ("issue", "--unregistered", "--instrument", "VOL", "--to", "XV", "--provider", "sky", "--reference", "P-1")
    assert house.run(*issue, "--as", "ilves").exit_code == 0
    (tmp_path / "file").write_bytes(b"x")
    received = ("evidence-received", "P-1", "-f", f"manifest={tmp_path / 'file'}", "-f", "check=equal")
    for words in (("record", *received), ("record", "order-closed", "P-1", "-f", "outcome=answered")):
        done = house.run(*words, "--as", "ilves")
        assert done.exit_code == 0, done.output
        assert "--role" not in done.output
    made = ("export", "P-1", "--audience", "SP", "-o", str(tmp_path / "x.evidence.zip"), "--person", "Dina Ilves")
    assert house.run(*made, "--as", "ilves").exit_code == 0
    assert {entry["role"] for entry in house.reply("timeline", "P-1")["timeline"]} == {"ISS"}


def test_a_dry_run_of_an_act_of_another_office_says_whose_act_it_is(tmp_path: Path) -> None:
    house = House(tmp_path).begun().with_office("skylark", "SP").with_office("ilves", "ISS")
    issue = ("issue", "--unregistered", "--instrument", "VOL", "--to", "XV", "--provider", "skylark")
    assert house.run(*issue, "--reference", "P-1", "--as", "ilves").exit_code == 0
    (tmp_path / "file").write_bytes(b"x")
    received = ("evidence-received", "P-1", "-f", f"manifest={tmp_path / 'file'}", "-f", "check=equal", "--dry-run")
    says = "skylark signs as SP, and evidence-received is an act of another office (RET, SEEK, ISS, POC)"
    assert says in house.run("record", *received, "--as", "skylark").stderr
    seen = ("--as", "skylark", "--speaks", "observation", "--whose", "ilves")
    assert "another office" not in house.run("record", *received, *seen).stderr
    assert "another office" not in house.run("record", *received, "--as", "ilves").stderr


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
