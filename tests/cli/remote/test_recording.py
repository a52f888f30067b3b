"""Three people at machines of their own keep one order by commands that ask an office server."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("httpx", reason="needs the extra `server`")
pytest.importorskip("starlette", reason="needs the extra `server`")
pytest.importorskip("http_message_signatures", reason="needs the extra `server`")

from comity.remote.connection import Connection
from ledger.tlog.tree import parse_proof
from tests.cli.remote.desk import Person, dishonest
from tests.comity.remote.test_tampering import OF_A_RECEIPT
from tests.server.office import Office, serving
from tests.support.cli import House, run

OFFICES = {"ilves": ("XO", ("ISS", "RET")), "skylark": ("XV", ("SP",)), "ncco": ("XV", ("NOT",))}
ISSUE = (
    *("issue", "--instrument", "2AP-7", "--to", "XV", "--provider", "skylark", "--category", "subscriber"),
    *("--role", "ISS", "-f", "identifiers=skyl-4471"),
)


class Desk:
    """A served ledger with three offices, each at another machine, and the office that keeps it."""

    def __init__(self, house: House, office: Office) -> None:
        self.house, self.office = house, office
        self.ilves, self.skylark, self.ncco = (Person(house.folder / actor, office) for actor in OFFICES)

    def entries(self) -> list[str]:
        """Return the leaf hashes of the entries of all orders."""
        return [e["leaf"] for o in self.ilves.reply("orders")["orders"] for e in self.lines(o["order"])]

    def lines(self, order: str = "PPO-9") -> list[Any]:
        """Return the timeline of an order."""
        return list(self.ilves.reply("timeline", order)["timeline"])


def enrol(house: House) -> None:
    """Make a key for each office, and enrol it."""
    member = ("party-registered", "-f", "party=XV", "-f", "zone=Europe/Dublin", "-f", "declarations_verified=false")
    assert house.run("record", *member, "--as", "registrar").exit_code == 0
    for actor, (party, roles) in OFFICES.items():
        config = house.folder / actor / "config"
        assert run("key", "new", actor, XDG_CONFIG_HOME=str(config)).exit_code == 0
        public = ("--public", str(config / "comity" / "keys" / f"{actor}.pub"))
        held = [part for role in roles for part in ("--role", role)]
        enrolled = house.run("key", "enrol", actor, *public, "--party", party, "--office", actor.title(), *held)
        assert enrolled.exit_code == 0, enrolled.output


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    house = House(tmp_path_factory.mktemp("house")).begun()
    enrol(house)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in house.env.items():
            patch.setenv(name, value)
        with serving(house.ledger) as office:
            made = Desk(house, office)
            for actor in OFFICES:
                person: Person = getattr(made, actor).trusting(house.ledger / "trust")
                assert person.reply("key", "accept", actor)["kind"] == "key-accepted"
            yield made


@pytest.fixture(scope="module")
def order(desk: Desk) -> str:
    """Return the id of an order with one entry."""
    return str(desk.ilves.reply(*ISSUE, "--reference", "PPO-9")["order"])


def test_three_people_keep_an_order_from_issue_to_disclosure_and_its_bundle_passes(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("return.json").write_text("{}", "utf-8")
    issued = desk.ilves.reply(*ISSUE, "--reference", "PPO-1")
    assert issued["says"]
    assert issued["next"].startswith("comity record order-transmitted PPO-1")
    assert parse_proof(issued["proof"].encode()).index == issued["index"]
    typed = issued["next"].replace("OFFICE", "ilves").split()[1:]
    assert desk.ilves.reply(*typed[: typed.index("--ledger")])["seq"] == 2
    desk.ilves.reply("notify", "PPO-1", "--to", "ncco", "--includes", "order,summary-of-facts")
    desk.ncco.reply("record", "notification-received", "PPO-1", "-f", "proof_kind=own-stamp")
    desk.skylark.reply("record", "order-received", "PPO-1", "-f", "proof_kind=own-stamp")
    desk.ncco.reply("object", "PPO-1", "--instruction", "G-7-i", "--scope", "part", "--covers", "name")
    given = desk.skylark.reply("disclose", "PPO-1", "return.json", "--channel", "provider-portal", "--elements", "name")
    taken = ("evidence-received", "PPO-1", "-f", "exhibit=EX-1", "-f", "check=equal", "-f", "manifest=return.json")
    desk.ilves.reply("record", *taken, "--elements", "name", "--role", "RET", "-f", f"about={given['seq']}")
    shown = desk.ncco.reply("timeline", "PPO-1")
    assert [line["who"] for line in shown["timeline"]] == [
        *("Ilves", "Ilves", "Ilves", "Ncco", "Skylark", "Ncco", "Skylark", "Ilves"),
    ]
    assert desk.ncco.run("judge", "PPO-1").exit_code == 3
    bundle = tmp_path / "court.evidence.zip"
    assert (
        desk.house.run("export", "PPO-1", "--audience", "COURT", "--as", "registrar", "-o", str(bundle)).exit_code == 0
    )
    verdict = json.loads(run("verify", str(bundle), "--trust", str(desk.house.ledger / "trust"), "--json").stdout)
    assert verdict["verdict"] == "TOTAL-PASSED"


def test_an_entry_is_what_it_would_be_on_the_folder(desk: Desk, order: str) -> None:
    typed = ("record", "order-transmitted", "PPO-9", "-f", "addressee=skylark", "-f", "channel=mail", "--dry-run")
    there = desk.ilves.reply(*typed, "--on", "2026-06-01T10:00:00Z")
    keys = desk.house.keys
    for file in (desk.ilves.folder / "config" / "comity" / "keys").iterdir():
        shutil.copy(file, keys)
    here = desk.house.reply(*typed, "--on", "2026-06-01T10:00:00Z", "--as", "ilves")
    assert there == here
    assert there["findings"]


def test_a_dry_run_records_nothing(desk: Desk, order: str) -> None:
    before = desk.entries()
    done = desk.ilves.run("notify", "PPO-9", "--to", "ncco", "--dry-run")
    assert done.exit_code == 0
    assert "nothing was signed, nothing was recorded" in done.stderr
    assert desk.entries() == before


def test_what_the_law_would_find_is_said_before_it_is_signed(desk: Desk, order: str) -> None:
    done = desk.skylark.run("record", "order-received", "PPO-9", "--on", "2026-01-05T10:00:00Z", "--dry-run", "--json")
    assert "W-BEFORE-ORDER" in [each["code"] for each in json.loads(done.stdout)["findings"]]


def test_the_moment_of_an_act_may_be_typed_in_the_zone_of_the_office(desk: Desk, order: str) -> None:
    typed = ("record", "order-received", "PPO-9", "--on", "2026-07-05 10:00", "--as", "skylark", "--dry-run")
    assert desk.skylark.reply(*typed)["on"] == "2026-07-05T09:00:00Z"


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        (("notify", "PPO-9", "--to", "nobody"), "OFFICE-UNKNOWN"),
        (("record", "order-received", "PPO-9", "--on", "2199-01-01T00:00:00Z"), "FORM-DATE"),
        (("record", "order-transmitted", "PPO-9", "-f", "addressee=skylark", "-f", "channel=" + "x" * 90_000), "F"),
        (("record", "order-supervised", "PPO-9", "--role", "SP"), "KEY-ROLE"),
    ],
)
def test_what_has_not_the_form_is_refused_before_it_is_sent(
    desk: Desk, order: str, typed: tuple[str, ...], code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Connection, "post", lambda *_: pytest.fail("nothing is sent"))
    done = desk.ilves.run(*typed)
    assert done.exit_code == 5, done.output
    assert f"comity: {code}" in done.stderr


def test_a_reference_that_is_taken_is_refused_by_the_server(desk: Desk, order: str) -> None:
    before = desk.entries()
    done = desk.ilves.run(*ISSUE, "--reference", "PPO-9")
    assert done.exit_code == 5
    assert "REFERENCE-TAKEN" in done.stderr
    assert desk.entries() == before


def test_the_proof_of_a_receipt_is_written_to_a_file_that_verifies(desk: Desk, order: str, tmp_path: Path) -> None:
    file = tmp_path / "entry.tlog-proof"
    receipt = desk.ilves.reply("notify", "PPO-9", "--to", "ncco", "--receipt", str(file))
    done = run("verify", str(file), "--trust", str(desk.house.ledger / "trust"))
    assert parse_proof(file.read_bytes()).index == receipt["index"], done.output


def test_the_same_command_with_the_same_id_is_recorded_once(desk: Desk, order: str) -> None:
    for typed in (
        (*ISSUE, "--reference", "PPO-3", "--id", "a" * 32),
        ("notify", "PPO-9", "--to", "ncco", "--id", "b" * 32),
    ):
        first, again = desk.ilves.reply(*typed), desk.ilves.reply(*typed)
        assert (first["already"], again["already"]) == (False, True)
        assert (first["index"], first["leaf"], first["order"]) == (again["index"], again["leaf"], again["order"])
    other = desk.ilves.run("notify", "PPO-9", "--to", "skylark", "--id", "b" * 32)
    assert other.exit_code == 5
    assert "this entry id stands for another fact" in other.stderr


def test_an_entry_whose_answers_are_lost_is_recorded_once(
    desk: Desk, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import httpx

    send, lost = Connection._send, 2

    def losing(self: Connection, method: str, path: str, sent: Any) -> tuple[int, str, bytes]:
        nonlocal lost
        answer = send(self, method, path, sent)
        if method == "POST" and lost:
            lost -= 1
            raise httpx.ReadError("the line was cut")
        return answer

    before = desk.entries()
    monkeypatch.setattr(Connection, "_send", losing)
    receipt = desk.ilves.reply("notify", "PPO-9", "--to", "ncco")
    assert (lost, receipt["already"]) == (0, False)
    assert receipt["leaf"] not in before
    assert len(desk.entries()) == len(before) + 1


@pytest.mark.parametrize("typed", [("notify", "PPO-9", "--to", "ncco"), ISSUE], ids=["a step", "an order"])
def test_a_command_without_any_answer_names_the_id_by_which_it_is_repeated(
    desk: Desk, order: str, typed: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    import httpx

    send = Connection._send

    def losing(self: Connection, method: str, path: str, sent: Any) -> tuple[int, str, bytes]:
        answer = send(self, method, path, sent)
        if method == "POST":
            raise httpx.ReadError("the line was cut")
        return answer

    before = desk.entries()
    with monkeypatch.context() as patch:
        patch.setattr(Connection, "_send", losing)
        lost = desk.ilves.run(*typed)
    assert lost.exit_code == 4
    assert "recorded " not in lost.stdout
    entry = lost.stderr.partition("--id ")[2].split()[0]
    again = desk.ilves.reply(*typed, "--id", entry)
    assert again["already"]
    assert again["leaf"] not in before
    assert len(desk.entries()) == len(before) + 1


def test_a_server_that_is_away_records_nothing_and_nothing_is_said(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    import httpx

    def away(*_: object) -> tuple[int, str, bytes]:
        raise httpx.ConnectError("refused")

    monkeypatch.setattr(Connection, "_send", away)
    done = desk.ilves.run("notify", "PPO-9", "--to", "ncco")
    assert (done.exit_code, done.stdout) == (4, "")
    assert "HTTP-SILENT" in done.stderr


@pytest.mark.parametrize("how", ["of another entry", "with a path that leads elsewhere"])
def test_a_false_receipt_is_no_receipt(desk: Desk, order: str, how: str) -> None:
    change = OF_A_RECEIPT[how]
    with dishonest("/v1/entries", lambda d: change(d) if "receipts" in d else None):
        done = desk.ilves.run("notify", "PPO-9", "--to", "ncco", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["code"] == "API-FALSE"
    assert "recorded notification-sent" not in done.output


def test_an_entry_is_put_right_with_a_reason_for_those_who_may_read_it(desk: Desk, order: str) -> None:
    wrong = desk.ilves.reply("notify", "PPO-9", "--to", "ncco", "--includes", "order")
    right = ("notify", "PPO-9", "--to", "ncco", "--includes", "order,summary-of-facts")
    desk.ilves.reply(*right, "--replaces", str(wrong["seq"]), "--why", "the summary went with it")
    (line,) = [each for each in desk.ilves.reply("timeline", "PPO-9")["timeline"] if each["leaf"] == wrong["leaf"]]
    assert line["replaced"]
    audited = desk.house.run("fsck")
    assert audited.exit_code == 0, audited.output


def test_a_condition_is_signed_and_checked_when_the_entry_is_stored(desk: Desk, order: str) -> None:
    receipt = desk.ilves.reply("notify", "PPO-9", "--to", "ncco", "--unless", "data-disclosed")
    (line,) = [each for each in desk.lines() if each["leaf"] == receipt["leaf"]]
    assert line["unless"]["kinds"] == ["data-disclosed"]
    before = desk.entries()
    unmet = ("notify", "PPO-9", "--to", "ncco", "--unless", "notification-sent@PPO-9", "--behind", "1")
    done = desk.ilves.run(*unmet)
    assert done.exit_code == 5
    assert "CTX-CONDITION" in done.stderr
    assert desk.entries() == before


def test_the_data_subjects_of_sealed_values_are_named_where_their_keys_are(desk: Desk, order: str) -> None:
    done = desk.ilves.run(*ISSUE, "--reference", "PPO-8", "--subject", "witness 3")
    assert done.exit_code == 2
    assert "FOLDER-ONLY: --subject of `comity issue`" in done.stderr


def test_an_office_without_a_key_here_signs_nothing(desk: Desk, order: str) -> None:
    done = desk.ilves.run("notify", "PPO-9", "--to", "ncco", "--as", "skylark")
    assert done.exit_code == 4
    assert "skylark has no key here" in done.stderr
    unknown = desk.ilves.run("notify", "PPO-9", "--to", "ncco", "--as", "nobody")
    assert unknown.exit_code == 2
    assert "no office 'nobody' in the register" in unknown.stderr


def test_of_several_keys_that_of_the_named_office_signs(desk: Desk, order: str, tmp_path: Path) -> None:
    both = Person(tmp_path, desk.office).trusting(desk.house.ledger / "trust")
    keys = tmp_path / "config" / "comity" / "keys"
    keys.mkdir(mode=0o700)
    for actor in ("ilves", "skylark"):
        for file in (desk.house.folder / actor / "config" / "comity" / "keys").iterdir():
            shutil.copy(file, keys / file.name.replace(actor, f"my-{actor}"))
    both.trusting(desk.house.ledger / "trust", "--key", str(keys / "my-skylark"))
    noted = both.reply("notify", "PPO-9", "--to", "ncco", "--as", "ilves")
    assert noted["says"].startswith("Ilves")


def test_a_key_is_accepted_once_and_by_its_holder(desk: Desk) -> None:
    again = desk.ilves.run("key", "accept", "ilves")
    assert again.exit_code == 2
    assert "no key of ilves waits to be accepted" in again.stderr


def test_the_template_of_an_order_has_what_the_register_leaves_no_choice_about(desk: Desk) -> None:
    template = json.loads(desk.ilves.run("issue", "--template", "2AP-7").stdout)
    assert template["to_party"] == "XV"
    assert template["providers"] == ["skylark"]


# -- bundles -----------------------------------------------------------------------------------------------------------

PURPOSE = ("--purpose", "trial", "--person", "Dina Ilves")


def test_a_bundle_is_made_by_the_server_and_verified_and_signed_here(desk: Desk, order: str, tmp_path: Path) -> None:
    file = tmp_path / "court.evidence.zip"
    done = desk.ilves.run("export", "PPO-9", "--audience", "COURT", *PURPOSE, "--role", "ISS", "-o", str(file))
    assert done.exit_code == 0, done.output
    assert "was verified, and its manifest is signed here" in done.stderr
    verdict = json.loads(run("verify", str(file), "--trust", str(desk.house.ledger / "trust"), "--json").stdout)
    assert verdict["verdict"] == "TOTAL-PASSED"
    again = desk.ilves.run("export", "PPO-9", "--audience", "COURT", *PURPOSE, "--role", "ISS", "-o", str(file))
    assert again.exit_code == 2, "a file is not overwritten"


def test_an_office_gets_a_bundle_for_its_role_and_no_other(desk: Desk, order: str, tmp_path: Path) -> None:
    size = desk.house.reply("log", "-n", "1")["of"]  # in the folder: the server's head may be a second older
    file = tmp_path / "provider.evidence.zip"
    done = desk.skylark.run("export", "PPO-9", "--audience", "SP", *PURPOSE, "-o", str(file))
    assert done.exit_code == 0, done.output
    assert "no sealed value was opened" in done.stderr
    assert desk.house.reply("log", "-n", "1")["of"] <= size + 1, "at most the ledger has committed its heads"
    refused = desk.skylark.run("export", "PPO-9", "--audience", "COURT", *PURPOSE, "-o", str(tmp_path / "other"))
    assert (refused.exit_code, "API-DENIED" in refused.stderr) == (5, True), refused.output
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    "option", [("--reveal", "--format", "case"), ("--format", "parquet"), ("--format", "cose-receipts")]
)
def test_what_a_server_does_not_make_needs_the_folder(desk: Desk, order: str, option: tuple[str, ...]) -> None:
    done = desk.ilves.run("export", "PPO-9", "--audience", "COURT", *PURPOSE, *option, "-o", "-")
    assert (done.exit_code, "FOLDER-ONLY" in done.stderr) == (2, True), done.output
    absent = desk.ilves.run("export", "--absent", order, "-o", "-")
    assert (absent.exit_code, "FOLDER-ONLY" in absent.stderr) == (2, True), absent.output


def test_a_bundle_that_does_not_verify_is_not_written(desk: Desk, order: str, tmp_path: Path) -> None:
    file = tmp_path / "court.evidence.zip"
    with dishonest("/bundle", lambda d: d.update(bundle="AAAA") if "bundle" in d else None):
        done = desk.ilves.run("export", "PPO-9", "--audience", "COURT", *PURPOSE, "--role", "ISS", "-o", str(file))
    assert (done.exit_code, "API-FALSE" in done.stderr) == (1, True), done.output
    assert not file.exists()
