"""A bundle from the command line: for whom, by whom, what is said of it, and what is asked before one is made."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.exit_codes import Exit, Stop
from cli.handover.evidence_bundle import role_of
from ledger.bundle.archive import unpack
from ledger.bundle.layout import MANIFEST
from ledger.bundle.manifest import Manifest, open_manifest
from tests.support.cli import PERSON, House


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path).furnished()


def export(house: House, *words: str, audience: str | None = "CT") -> Any:
    reader = () if audience is None else ("--audience", audience)
    asked = ("export", "PPO-1", *reader, "-o", str(house.folder / "made.zip"), "--person", PERSON, *words)
    return house.run(*asked)


def made(house: House) -> Manifest:
    return open_manifest(unpack((house.folder / "made.zip").read_bytes())[MANIFEST])


def size(house: House) -> int:
    return int(house.reply("checkpoint")["size"])


@pytest.mark.parametrize(
    ("said", "role"), [("COURT", "CT"), ("court", "CT"), ("CT", "CT"), ("sp", "SP"), ("Dpo", "DPO")]
)
def test_an_audience_is_a_role_in_any_letters_or_a_court(said: str, role: str) -> None:
    assert role_of(said) == role


def test_what_is_no_role_is_refused_with_what_may_be_meant(house: House) -> None:
    with pytest.raises(Stop, match="no role 'judge'") as stop:
        role_of("judge")
    assert stop.value.hint.startswith("COURT, or a role: ")
    before = size(house)
    assert export(house, audience="JUDGE").exit_code == Exit.USAGE
    assert "--audience ROLE: who is going to read it?" in export(house, audience=None).stderr
    assert size(house) == before
    assert not (house.folder / "made.zip").exists()


def test_the_office_that_issued_the_order_makes_the_bundle_if_its_key_is_here_and_another_one_is_named(
    house: House,
) -> None:
    house.with_office("orn", "RET")
    assert export(house).exit_code == 0
    assert (made(house).signer.actor, made(house).audience) == ("ilves", "CT")
    (house.folder / "made.zip").unlink()
    assert export(house, "--as", "orn").exit_code == 0
    assert made(house).signer.actor == "orn"
    (house.folder / "made.zip").unlink()
    for file in house.keys.iterdir():
        if file.name.startswith("ilves"):
            file.unlink()
    before = size(house)
    asked = export(house)
    assert (asked.exit_code, "who signs?" in asked.stderr) == (Exit.USAGE, True)
    assert (size(house), (house.folder / "made.zip").exists()) == (before, False)


def test_an_empty_reason_opens_nothing_and_is_no_matter_where_nothing_is_opened(house: House) -> None:
    before = size(house)
    refused = export(house, "--because", " ")
    assert (refused.exit_code, "--because is empty" in refused.stderr) == (Exit.USAGE, True)
    assert (size(house), (house.folder / "made.zip").exists()) == (before, False)
    closed = export(house, "--because", " ", audience="SYS")
    assert closed.exit_code == 0
    assert "0 sealed values not opened" not in closed.stderr


def test_what_a_bundle_holds_is_said_and_that_no_witness_confirms_its_moment(house: House) -> None:
    done = export(house, "--purpose", "trial", "--because", "hearing on Monday")
    assert done.exit_code == 0, done.output
    entries = sum("/entries/" in path and path.endswith(".dsse.json") for path in unpack(_bytes(house)))
    assert f"made.zip: {entries} entries for CT (court), 0 sealed values not opened" in done.stderr
    assert "NO-WITNESS: the policy asks for none" in done.stderr
    assert (made(house).purpose, made(house).order) == ("trial", house.reply("show", "PPO-1")["order"])


def _bytes(house: House) -> bytes:
    return (house.folder / "made.zip").read_bytes()


def test_a_bundle_is_verified_as_it_was_made(house: House) -> None:
    assert export(house, "--basis", "ECHR:6").exit_code == 0
    assert list(made(house).legal_basis) == ["ECHR:6"]
    verified = house.run("verify", str(house.folder / "made.zip"), "--trust", str(house.ledger), "--json")
    assert json.loads(verified.stdout)["verdict"] == "TOTAL-PASSED"


def test_documents_go_with_a_bundle_as_far_as_it_names_them(house: House) -> None:
    folder = house.folder / "documents"
    folder.mkdir()
    (folder / "other.pdf").write_bytes(b"%PDF of no order")
    assert export(house, "--documents", str(folder)).exit_code == 0
    assert not [path for path in unpack(_bytes(house)) if path.startswith("documents/")]
