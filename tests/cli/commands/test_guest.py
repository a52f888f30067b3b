"""A link lets a person of another office answer an order; it is made where the ledger is, and shown once."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("fido2", reason="needs the extra `server`")

from cli.commands import guest
from tests.support.cli import House

URL = ("--url", "https://office.example/")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    made = House(tmp_path_factory.mktemp("guests")).begun().with_office("ilves", "ISS").with_office("skylark", "SP")
    made.with_office("harbor", "SP")
    made.reply(
        "issue", "--instrument", "VOL", "--to", "XO", "--reference", "PPO-1", "--as", "ilves",
        "-f", "providers=skylark", "--unregistered",
    )  # fmt: skip
    return made


def test_a_link_names_the_server_and_is_shown_once(house: House) -> None:
    made = house.reply("guest", "invite", "PPO-1", "Ida Ñsky", "--office", "skylark", "--days", "3", *URL)
    assert made["link"].startswith("https://office.example/guest#")
    invited = made["invitation"]
    assert (invited["name"], invited["by_office"], invited["state"]) == ("Ida Ñsky", "ilves", "open")
    listed = house.run("guest", "list", "PPO-1")
    assert "Ida Ñsky, skylark: invitation" in listed.stdout
    assert made["link"].partition("#")[2] not in listed.stdout
    assert len(made["words"].split()) == 16 or "-" in made["words"]


def test_an_invitation_is_revoked_once(house: House) -> None:
    id = house.reply("guest", "invite", "PPO-1", "Revoked", "--office", "skylark", *URL)["invitation"]["id"]
    assert house.reply("guest", "revoke", id)["id"] == id
    assert "API-MISSING" in house.run("guest", "revoke", id).stderr


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("PPO-1", "Ida", "--office", "harbor", *URL), "GUEST-OFFICE"),
        (("PPO-1", "Ida", "--office", "ilves", *URL), "GUEST-OFFICE"),
        (("PPO-1", "Ida", "--office", "skylark", "--url", "office.example"), "no address of a server"),
        (("PPO-1", " Ida", "--office", "skylark", *URL), "ACCOUNT-NAME"),
        (("PPO-1", "Ida", "--office", "skylark", "--days", "31", *URL), "31"),
        (("PPO-9", "Ida", "--office", "skylark", *URL), "PPO-9"),
    ],
)
def test_what_is_wrong_is_said(house: House, args: tuple[str, ...], says: str) -> None:
    result = house.run("guest", "invite", *args)
    assert (result.exit_code != 0, says in result.stderr) == (True, True), result.stderr


def test_a_guest_is_ended_and_other_accounts_are_not(house: House) -> None:
    from contextlib import closing

    from ledger.adapters.folders.ledger_folder import read_folder
    from server.guests.invitations import Invitations
    from server.identity.accounts import Accounts
    from server.identity.database import open_database
    from server.identity.passkeys import Registered

    made = house.reply("guest", "invite", "PPO-1", "Ends", "--office", "skylark", *URL)
    with closing(open_database(read_folder(Path(house.ledger)))) as database:
        accounts = Accounts(database)
        account = Invitations(database, accounts).use(made["link"].partition("#")[2], Registered("aWQ", "cA", 0))
        accounts.add("Dina", "ilves")
    assert house.reply("guest", "end", "Ends", "--yes")["id"] == account.id
    (guest,) = house.reply("guest", "list", "PPO-1")["guests"]
    assert (guest["name"], guest["ended"]) == ("Ends", True)
    assert "is no guest" in house.run("guest", "end", "Dina", "--yes").stderr


@pytest.mark.parametrize("of", [{"own", "gone", "old"}, {"own"}, {"gone"}, set()])
def test_the_current_keys_of_a_guest_that_is_ended_are_named_for_the_registrar(
    of: set[str], house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[str] = []
    keys = [SimpleNamespace(public=name, ended=7 if name == "old" else None) for name in ("old", "own", "other")]
    reader = SimpleNamespace(keyring=lambda: SimpleNamespace(keys=dict(enumerate(keys))))
    account = SimpleNamespace(id="id", name="Ida Sky", office="sky lark")
    invitations = SimpleNamespace(account_of=lambda name: account, end=ended.append, keys_of=lambda of_account: of)
    monkeypatch.setattr(guest, "_opened", lambda: nullcontext((reader, invitations)))
    done = house.run("guest", "end", "Ida Sky", "--yes")
    assert (done.exit_code, done.stdout, ended) == (0, "the access of Ida Sky has ended\n", ["id"])
    named = [line for line in done.stderr.splitlines() if "comity key revoke" in line]
    assert named == ["the registrar ends the key: comity key revoke 'sky lark' --key own"] * ("own" in of)
