"""Accounts say who may sign in: persons at offices of the register, known by what an administrator links."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fido2", reason="needs the extra `server`")

from tests.server.identity.certificates import issue
from tests.support.cli import House


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(tmp_path_factory.mktemp("accounts")).furnished()


def account(house: House, name: str) -> dict[str, Any]:
    (found,) = [each for each in house.reply("account", "list", "--json")["accounts"] if each["name"] == name]
    return dict(found)


def test_an_account_is_a_person_at_an_office_of_the_register(house: House) -> None:
    made = house.reply("account", "add", "Dina Ilves", "--office", "ilves", "--json")["account"]
    assert (made["name"], made["office"], made["roles"], made["locked"]) == ("Dina Ilves", "ilves", [], False)
    assert account(house, "Dina Ilves") == made
    for args, says in (
        (("Other", "--office", "nowhere"), "no office 'nowhere' in the register"),
        (("Other", "--office", "ilves", "--role", "DPO"), "ilves does not hold the role DPO"),
        (("Dina Ilves", "--office", "ilves"), "ACCOUNT-NAME"),
        (("  ", "--office", "ilves"), "ACCOUNT-NAME"),
        (("a\nb", "--office", "ilves"), "ACCOUNT-NAME"),
        (("x" * 101, "--office", "ilves"), "ACCOUNT-NAME"),
    ):
        result = house.run("account", "add", *args)
        assert (result.exit_code != 0, says in result.stderr) == (True, True), result.stderr


def test_a_code_is_good_for_half_an_hour(house: House) -> None:
    house.reply("account", "add", "with a code", "--office", "ilves")
    made = house.reply("account", "code", "with a code", "--json")
    assert len(made["code"].replace("-", "")) == 20
    left = datetime.fromisoformat(made["until"]) - datetime.now(UTC)
    assert timedelta(minutes=29) < left <= timedelta(minutes=30)
    assert house.run("account", "code", "nobody").stderr.startswith("comity: ACCOUNT-UNKNOWN")


def test_what_a_person_is_known_by_is_linked_once_and_removed_one_by_one(house: House, tmp_path: Path) -> None:
    for name in ("linked", "other"):
        house.reply("account", "add", name, "--office", "ilves")
    certificate = issue("linked")
    pem, _ = certificate.write(tmp_path, "linked")
    (tmp_path / "linked.der").write_bytes(certificate.der)
    key = str(house.keys / "ilves.pub")
    links = (("--key", key), ("--certificate", pem), ("--issuer", "https://login.example", "--subject", "4471"))
    for link in links:
        house.reply("account", "link", "linked", *link)
        again = house.run("account", "link", "other", *link)
        assert (again.exit_code, "ACCOUNT-LINK" in again.stderr) == (5, True)
    assert "ACCOUNT-LINK" in house.run("account", "link", "other", "--certificate", str(tmp_path / "linked.der")).stderr
    made = account(house, "linked")
    assert made["certificates"] == [certificate.fingerprint]
    assert made["subjects"] == ["https://login.example 4471"]
    for value in (*made["keys"], *made["certificates"], "4471"):
        assert "ACCOUNT-LINK" in house.run("account", "unlink", "other", value).stderr
        house.reply("account", "unlink", "linked", value)
    made = account(house, "linked")
    assert (made["keys"], made["certificates"], made["subjects"]) == ([], [], [])


def test_an_account_is_shown_with_what_was_linked(house: House) -> None:
    house.reply("account", "add", "shown", "--office", "ilves")
    said = house.run("account", "link", "shown", "--issuer", "https://login.example", "--subject", "4472").stdout
    assert "\n  subject https://login.example 4472" in said
    wrong = house.run("account", "unlink", "shown", "https://login.example 4472").stderr
    assert "name a subject without its issuer" in wrong
    assert "0 sessions were ended" in house.run("account", "sign-out", "shown").stderr


def test_a_hint_quotes_the_name_of_a_person_for_the_shell(house: House) -> None:
    name = "Sean O'Neill"
    said = house.run("account", "add", name, "--office", "ilves").stderr
    assert shlex.split(said.partition("comity account code ")[2]) == [name]
    house.reply("account", "lock", name)
    said = house.run("account", "code", name).stderr
    assert shlex.split(said.partition("comity account unlock ")[2]) == [name]


def test_what_cannot_be_linked_is_said(house: House, tmp_path: Path) -> None:
    house.reply("account", "add", "to link", "--office", "ilves")
    (tmp_path / "none.pem").write_text("-----BEGIN nothing")
    for args, code, says in (
        ((), 2, "one of --key"),
        (("--issuer", "https://login.example"), 2, "go together"),
        (("--key", "00" * 32), 2, "no key of ilves in the register"),
        (("--certificate", str(tmp_path / "none.pem")), 4, "no certificate"),
        (("--certificate", str(tmp_path / "missing.pem")), 4, "No such file"),
        (("--issuer", "https://login.example", "--subject", "x" * 256), 5, "ACCOUNT-LINK"),
    ):
        result = house.run("account", "link", "to link", *args)
        assert (result.exit_code, says in result.stderr) == (code, True), result.stderr


def test_a_locked_person_gets_no_code_and_an_account_that_is_removed_is_gone(house: House) -> None:
    made = house.reply("account", "add", "left", "--office", "ilves", "--json")["account"]
    assert house.reply("account", "lock", "left", "--json")["account"]["locked"] is True
    assert house.run("account", "code", "left").exit_code == 5
    assert house.reply("account", "unlock", "left", "--json")["account"]["locked"] is False
    house.reply("account", "sign-out", made["id"])
    assert house.run("account", "remove", "left").exit_code == 2, "there is no terminal"
    house.run("account", "remove", "left", "--yes")
    assert "ACCOUNT-UNKNOWN" in house.run("account", "lock", "left").stderr
    acts = house.reply("account", "acts", "--json")["acts"]
    own = [each["act"] for each in acts if each["account"] == made["id"]]
    assert own == ["account-added", "account-locked", "account-unlocked", "sessions-ended", "account-removed"]
    assert "left" not in str(acts)
    assert b"left" not in (house.ledger / "identity.db").read_bytes(), "its name is overwritten"


def test_a_backup_has_no_accounts(house: House, tmp_path: Path) -> None:
    import tarfile

    house.reply("account", "add", "in no backup", "--office", "ilves")
    assert house.away("backup", str(house.ledger), "-o", str(tmp_path / "copy.tar")).exit_code == 0
    with tarfile.open(tmp_path / "copy.tar") as tar:
        assert [name for name in tar.getnames() if name.startswith("identity")] == []
