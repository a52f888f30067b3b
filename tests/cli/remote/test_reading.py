"""Commands that read through an office server show what those on its folder show, as far as the caller may see."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

pytest.importorskip("httpx", reason="needs the extra `server`")
pytest.importorskip("starlette", reason="needs the extra `server`")
pytest.importorskip("http_message_signatures", reason="needs the extra `server`")

from click.testing import CliRunner

from cli.app import comity
from ledger.adapters.http_server import listen
from ledger.tlog.note import Checkpoint
from tests.cli.remote.desk import Person, dishonest, of_story
from tests.comity.remote.test_tampering import OF_A_LIST, OF_AN_ORDER, OF_THE_LOG, OF_THE_REGISTER, signed
from tests.server.office import Office, serving, serving_story
from tests.support.cli import run

MOMENT = "2027-09-01T00:00:00Z"


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a ledger with two linked orders, of which the heads are committed."""
    folder = tmp_path_factory.mktemp("S3")
    with serving_story("S3", folder):
        pass
    assert run("log", "commit", "--enrol", ledger=folder / "ledger").exit_code == 0
    return folder / "ledger"


@pytest.fixture(scope="module")
def office(ledger: Path, copy: Path) -> Iterator[Office]:
    """Serve the ledger, after it was copied: a database that is in use cannot be copied."""
    assert copy.is_dir()
    with serving(ledger) as served:
        yield served


@pytest.fixture(scope="module")
def person(office: Office, tmp_path_factory: pytest.TempPathFactory) -> Person:
    return of_story(office, "central", tmp_path_factory.mktemp("central"))


@pytest.fixture(scope="module")
def copy(ledger: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the ledger without the keys of data subjects and without the names of its story."""
    without = shutil.ignore_patterns("keys.db*", "story.json", "views.db*", "requests.db*")
    return Path(shutil.copytree(ledger, tmp_path_factory.mktemp("copy") / "ledger", ignore=without))


@pytest.fixture(scope="module")
def orders(person: Person) -> list[str]:
    return [each["order"] for each in person.reply("orders", "--as-of", MOMENT)["orders"]]


def of_ledger(result: Any) -> Any:
    document = json.loads(result.stdout)
    document.pop("server", None)
    return document


LISTS = (
    ("orders", "--as-of", MOMENT),
    ("orders", "--as-of", MOMENT, "--state", "DISCLOSED", "--sort", "-issued"),
    ("orders", "--as-of", MOMENT, "--limit", "1"),
    ("due", "--as-of", MOMENT),
    ("due", "--as-of", "2027-03-05T00:00:00Z", "--only", "running"),
    ("log", "-n", "300"),
    ("log", "--after", "12", "--kind", "order-issued"),
    ("log", "--state", "DISCLOSED"),
)
OF_ONE = (
    ("show",),
    ("show", "--only"),
    ("timeline",),
    ("judge", "--forum", "DE"),
    ("custody",),
    ("log", "--order"),
)


@pytest.mark.parametrize("command", LISTS, ids=" ".join)
def test_a_list_is_that_of_the_folder_without_its_keys(person: Person, copy: Path, command: tuple[str, ...]) -> None:
    here, there = run(*command, "--json", ledger=copy), person.run(*command, "--json")
    assert of_ledger(there) == of_ledger(here)
    assert there.exit_code == here.exit_code


@pytest.mark.parametrize("command", OF_ONE, ids=" ".join)
def test_an_order_is_that_of_the_folder_without_its_keys(
    person: Person, copy: Path, orders: list[str], command: tuple[str, ...]
) -> None:
    moment = () if command[0] == "log" else ("--as-of", MOMENT)
    typed = (*command, orders[0], *moment, "--json")
    here, there = run(*typed, ledger=copy), person.run(*typed)
    assert of_ledger(there) == of_ledger(here)
    assert there.exit_code == here.exit_code


@pytest.mark.parametrize("command", ["due", "show", "judge"])
def test_what_people_read_is_what_they_read_on_the_folder(
    person: Person, copy: Path, orders: list[str], command: str
) -> None:
    named = () if command == "due" else orders[:1]
    typed = (command, *named, "--as-of", MOMENT)
    here, there = run(*typed, ledger=copy), person.run(*typed)
    assert there.stdout == here.stdout


# -- what is proven, and what is not -----------------------------------------------------------------------------------


def test_an_answer_says_how_far_it_is_proven_and_that_sealed_values_were_not_read(
    person: Person, orders: list[str]
) -> None:
    server = person.reply("judge", orders[0], "--as-of", MOMENT)["server"]
    assert server["url"] == person.url
    assert 0 < server["proven"] < server["size"]
    assert server["withheld"] > 0
    said = person.run("judge", orders[0], "--as-of", MOMENT).stderr
    assert f"no entry is left out below {server['proven']}" in said
    assert f"{server['withheld']} sealed values are shown to no caller" in said
    listed = person.reply("orders", "--as-of", MOMENT)["server"]
    assert listed["proven"] is None
    assert "only the server says that nothing is left out" in listed["partial"]


def test_a_name_that_no_order_of_this_key_has_ends_as_in_a_folder(person: Person) -> None:
    for name in ("PPO-1", "11111111-2222-4333-8444-555555555555"):
        done = person.run("show", name)
        assert done.exit_code == 2
        assert f"no order {name!r} that this key may see" in done.stderr


# -- a dishonest server ------------------------------------------------------------------------------------------------

LIES = {  # all of them are tried with the client in tests/comity/remote/test_tampering.py
    "alters an entry": (("show", "--only"), "/entries", OF_AN_ORDER["alters a line"]),
    "drops the last entry": (("judge",), "/entries", OF_AN_ORDER["drops the last entry"]),
    "invents an entry": (("timeline", "--only"), "/entries", OF_AN_ORDER["invents an entry"]),
    "drops an entry of the log": (("log",), "/v1/entries", OF_THE_LOG["drops an entry"]),
    "invents a key": (("log",), "/v1/register", OF_THE_REGISTER["invents a key"]),
    "lists an order twice": (("orders",), "/v1/orders", OF_A_LIST["lists an order twice"]),
    "lists an order that is none": (("due",), "/v1/orders", OF_A_LIST["an order that is none"]),
}


@pytest.mark.parametrize("how", LIES)
def test_a_server_that_lies_is_refused_with_exit_1_and_a_code(
    office: Office, orders: list[str], how: str, tmp_path: Path
) -> None:
    (command, where, (_, lie)), liar = LIES[how], of_story(office, "central", tmp_path)
    named = () if command[0] in ("log", "orders", "due") else orders[:1]
    with dishonest(where, lie):
        done = liar.run(*command, *named, "--json")
    assert done.exit_code == 1, done.output
    assert json.loads(done.stdout)["code"] == "API-FALSE"


@pytest.fixture
def forged(office: Office, tmp_path: Path) -> tuple[Person, Any]:
    """Return a person who has verified a head, and a function that signs another head of the log."""
    person = of_story(office, "central", tmp_path)
    note = person.reply("checkpoint")
    head = Checkpoint(note["origin"], note["size"], bytes.fromhex(note["root"]))
    return person, lambda **other: signed(office, structs.replace(head, **other))


def test_a_state_before_the_one_that_was_kept_is_an_error_and_its_evidence_is_kept(
    forged: tuple[Person, Any], tmp_path: Path
) -> None:
    person, sign = forged
    size = person.reply("checkpoint")["size"] - 1
    note = sign(size=size, root=b"\x01" * 32)
    with dishonest("/v1/head", lambda d: d["head"].update(note=note, size=size)):
        done = person.run("checkpoint", "--json")
    assert done.exit_code == 1
    error = json.loads(done.stdout)
    assert error["code"] == "LOG-ROLLBACK"
    assert json.loads(Path(error["where"]).read_bytes())["shown"] == note
    assert person.reply("checkpoint")["size"] == size + 1, "what was refused is not remembered"


def test_another_state_of_the_size_that_was_kept_is_an_exhibit(forged: tuple[Person, Any]) -> None:
    person, sign = forged
    note = sign(root=b"\x01" * 32)
    with dishonest("/v1/head", lambda d: d["head"].update(note=note)):
        done = person.run("log", "--json")
    assert done.exit_code == 1
    error = json.loads(done.stdout)
    assert error["code"] == "SPLIT-VIEW"
    assert Path(error["where"]).is_file()


# -- what does not work there ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        ("export", "X", "--format", "parquet", "-o", "y.parquet"),
        ("export", "--absent", "X", "-o", "y.zip"),
        ("receive", "x.zip"),
        ("timeline", "X", "--reveal", "--because", "hearing", "--as", "central"),
        ("custody", "X", "--reveal", "--because", "hearing", "--as", "central"),
        ("timeline", "X", "--brackets"),
        ("register",),
        ("fsck",),
        ("check", "x.zip", "X"),
        ("report", "custody", "X"),
        ("key", "list"),
        ("lapse", "--as", "central"),
        ("log", "commit"),
    ],
    ids=" ".join,
)
def test_what_a_server_does_not_carry_is_refused_with_what_works(
    person: Person, orders: list[str], command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x.zip").write_bytes(b"x")
    done = person.run(*(orders[0] if word == "X" else word for word in command))
    assert done.exit_code == 2, done.output
    assert "FOLDER-ONLY" in done.stderr
    assert "orders, due, show" in done.stderr


# -- which server, and whom it is trusted by ---------------------------------------------------------------------------


def test_the_ledger_of_the_environment_may_be_a_server(person: Person) -> None:
    done = CliRunner().invoke(comity, ["orders", "--json"], env={**person.env, "COMITY_LEDGER": person.url})
    assert json.loads(done.stdout)["server"]["url"] == person.url


def test_a_server_of_which_nothing_is_known_is_asked_nothing(office: Office, tmp_path: Path) -> None:
    done = Person(tmp_path, office).run("orders")
    assert done.exit_code == 4
    assert "TRUST: nothing says under which trust" in done.stderr
    assert f"comity remote add {office.url} --trust DIR" in done.stderr


def test_a_server_that_does_not_answer_ends_with_exit_4_and_says_so(office: Office, tmp_path: Path) -> None:
    person = of_story(office, "central", tmp_path)
    with closing(listen("127.0.0.1", 0)) as nobody:
        person.url = f"http://127.0.0.1:{nobody.getsockname()[1]}"
    key = office.ledger / "keys" / "PUBLIC-central"
    person.trusting(office.ledger / "trust", "--key", str(key))
    done = person.run("orders")
    assert done.exit_code == 4
    assert done.stdout == ""
    assert "HTTP-SILENT" in done.stderr


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://office.example", "is for a server on this machine"),
        ("http://192.0.2.7:7400", "is for a server on this machine"),
        ("https://user@office.example", "is not the address of an office server"),
        ("https://", "is not the address of an office server"),
        ("https://office.example:port", "is not the address of an office server"),
        ("https://office.example?x=1", "is not the address of an office server"),
    ],
)
def test_an_address_that_others_could_read_along_or_that_is_none_is_refused(
    url: str, says: str, person: Person
) -> None:
    for command in (["orders", "--ledger", url], ["remote", "add", url, "--trust", "trust"]):
        done = CliRunner().invoke(comity, command, env=person.env)
        assert done.exit_code == 2
        assert says in done.stderr


def test_a_key_that_is_not_in_the_register_reads_nothing(office: Office, tmp_path: Path) -> None:
    person = Person(tmp_path, office)
    assert person.run("key", "new", "stranger").exit_code == 0
    done = person.trusting(office.ledger / "trust").run("orders")
    assert done.exit_code == 4
    assert "is this key in the register" in done.stderr


def test_which_key_asks_is_said_where_a_person_has_several(office: Office, tmp_path: Path) -> None:
    person = Person(tmp_path, office).trusting(office.ledger / "trust")
    none = person.run("orders")
    assert none.exit_code == 4
    assert "which key asks" in none.stderr
    for name in ("one", "two"):
        assert person.run("key", "new", name).exit_code == 0
    several = person.run("orders")
    assert several.exit_code == 2
    assert "there are one, two" in several.stderr
