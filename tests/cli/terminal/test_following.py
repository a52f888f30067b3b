"""From nothing to the first filed custody report: each command is printed by the one before it."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
from msgspec.structs import replace

from cli.app import comity
from cli.session.ledger_reader import reading
from cli.terminal.following import Following
from ledger.entries.keyring import SigningOffice
from tests.support.cli import House, ledger_of, reply, run

MOST = 10
FIRST = "comity offices add --template > offices.csv"
STATED = {
    "reference": "PPO-2026-123",
    "case_ref": "K-17",
    "protocol_statement": True,
    "offences": ["fraud"],
    "elements_sought": ["name", "email-address"],
    "identifiers": ["jo@skylark.example"],
}


def next_lines(stderr: str) -> list[str]:
    """Return the commands that an output prints as the next ones."""
    return [line.strip() for line in stderr.splitlines() if line.startswith("  comity ")]


def typed(line: str, house: House) -> Any:
    """Type a line as a person does at a shell; FILE is the file that arrived."""
    words, _, into = line.replace("FILE", "return.zip").partition(" > ")
    done = house.away(*shlex.split(words)[1:])
    assert done.exit_code == 0, (line, done.output)
    if into:
        Path(into).write_text(done.stdout)
    return done


def test_an_own_ledger_from_nothing_to_the_filed_custody_report_takes_ten_commands_each_printed_by_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    house = House(tmp_path)
    (tmp_path / "return.zip").write_bytes(b"the answer of the provider")
    line, count = FIRST, 0
    while not (tmp_path / "filing").exists():
        done = typed(line, house)
        count += 1
        if line.startswith("comity issue --template"):
            order = json.loads((tmp_path / "order.json").read_text())
            (tmp_path / "order.json").write_text(json.dumps(order | STATED))  # a person fills it in
            line = next_lines(done.stderr)[-1]  # the first one lints
        elif not (tmp_path / "filing").exists():
            line = next_lines(done.stderr)[0]
    assert count <= MOST
    assert {path.name for path in (tmp_path / "filing").iterdir()} >= {"custody.pdf", "court.evidence.zip", "trust"}
    assert next_lines(done.stderr)[0] == "comity verify filing/court.evidence.zip --trust ledger/trust"
    typed(next_lines(done.stderr)[0], house)


def test_a_receipt_says_what_was_recorded_where_it_stands_and_what_usually_follows(tmp_path: Path) -> None:
    house = House(tmp_path).furnished()
    words = ("record", "order-transmitted", "PPO-1", "-f", "addressee=ilves", "-f", "channel=post", "--as", "ilves")
    answer = house.reply(*words)
    assert answer["says"].endswith(".")
    assert answer["next"].startswith("comity ")
    done = house.run(*words)
    first, says, *_ = done.stdout.splitlines()
    assert first == f"recorded order-transmitted, entry #3 of order {answer['order']}"
    assert says == f"  {answer['says']}"
    assert next_lines(done.stderr) == [answer["next"]]


def test_an_entry_of_the_register_is_followed_by_no_command_about_an_order(tmp_path: Path) -> None:
    house = House(tmp_path).begun()
    said = ("-f", "party=XV", "-f", "zone=Europe/Dublin", "-f", "declarations_verified=false", "--as", "registrar")
    assert "next" not in house.reply("record", "party-registered", *said)


@pytest.mark.parametrize("story", ["S1", "S2", "S6"])
def test_the_command_that_follows_any_entry_of_a_story_can_be_typed(story: str, tmp_path: Path) -> None:
    ledger = ledger_of(story, tmp_path)
    for order in reply("orders", ledger=ledger)["orders"]:
        with reading(ledger) as reader:
            case = reader.case(order["order"])
            here = dict(reader.cases.keyring().offices)
        for entry in case.entries:
            _, command, *rest = shlex.split(Following(case, order["order"], here).after(entry))
            found = comity.get_command(click.Context(comity), command)
            assert found is not None
            found.make_context(command, rest)  # raises for an option that does not exist


def test_without_keys_of_the_offices_the_command_leaves_the_office_to_the_reader(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    with reading(ledger) as reader:
        case = reader.case("main")
    issued = next(e for e in case.entries if e.kind == "order-issued")
    assert Following(case, "main", {}).after(issued).endswith(" --as OFFICE")
    assert run("show", "main", ledger=ledger).exit_code == 0


@pytest.mark.parametrize(
    ("here", "signs"),
    [
        pytest.param({"ilves": "ISS", "aspen": "ISS"}, "--as ilves", id="the signer of the entry before others"),
        pytest.param({"aspen": "ISS", "birch": "ISS"}, "--as aspen", id="another office in a role that may"),
        pytest.param({"clock": "SYS", "aspen": "ISS"}, "--as aspen", id="no office in a role that may not"),
        pytest.param({"ilves": "SYS"}, "comity show main", id="nothing that only another office may do"),
        pytest.param(
            {"skylark": "SP"}, "proof_kind=own-stamp --as skylark", id="the act of the provider at its own ledger"
        ),
        pytest.param({}, "--as OFFICE", id="the reader's choice if no key is here"),
        pytest.param({"ilves": "VAL ISS CAR"}, "--as ilves", id="in the role in which it has signed the order"),
        pytest.param({"aspen": "VAL ISS CAR"}, "--as aspen --role ISS", id="in the first of the roles that may"),
    ],
)
def test_the_next_command_is_signed_by_an_office_that_may_sign_it(
    here: dict[str, str], signs: str, tmp_path: Path
) -> None:
    with reading(ledger_of("S1", tmp_path)) as reader:
        case = reader.case("main")
    issued = next(e for e in case.entries if e.kind == "order-issued")
    offices = {name: SigningOffice(name, "XO", tuple(roles.split())) for name, roles in here.items()}
    assert Following(case, "main", offices).after(replace(issued, by="ilves")).endswith(signs)


def entry(kind: str, by: str = "ilves", **public: Any) -> Any:
    return SimpleNamespace(kind=kind, by=by, role="CT", public=public, get=public.get)


HERE = {
    "ilves": SigningOffice("ilves", "XO", ("ISS",)),
    "skylark": SigningOffice("skylark", "XV", ("SP",)),
}
ISSUED: dict[str, Any] = {
    "providers": ["harbor", "skylark"],
    "elements_sought": ["name", "email-address"],
    "case_ref": "K-17",
}
FILES = ("a.zip", "b c.zip")


@pytest.mark.parametrize(
    ("last", "here", "instrument", "before", "files", "command"),
    [
        pytest.param(
            entry("order-issued"), HERE, "EPOC", [], (),
            "record order-transmitted PPO-1 -f addressee=skylark -f channel=decentralised-it-system --as ilves",
            id="issued",
        ),
        pytest.param(
            entry("order-issued"), HERE, "2AP-7", [], (),
            "record order-transmitted PPO-1 -f addressee=skylark -f channel=provider-portal --as ilves",
            id="issued-through-a-portal",
        ),
        pytest.param(
            entry("order-transmitted", addressee="skylark"), HERE, "EPOC", [], (),
            "record order-received PPO-1 -f proof_kind=own-stamp --as skylark",
            id="transmitted-to-an-office-here",
        ),
        pytest.param(
            entry("order-transmitted", addressee="harbor"), HERE, "EPOC", [], (),
            "disclose PPO-1 FILE --channel decentralised-it-system --elements name,email-address --as skylark",
            id="transmitted-to-an-office-elsewhere",
        ),
        pytest.param(
            entry("order-received"), HERE, "2AP-7", [], (),
            "disclose PPO-1 FILE --channel provider-portal --elements name,email-address --as skylark",
            id="received",
        ),
        pytest.param(
            entry("order-received"), {"ilves": HERE["ilves"]}, "2AP-7", [], (),
            "disclose PPO-1 FILE --channel provider-portal --elements name,email-address --as ilves"
            " --speaks observation --whose skylark",
            id="received-elsewhere",
        ),
        pytest.param(
            entry("data-disclosed", "skylark"), HERE, "EPOC", [], (),
            "record evidence-received PPO-1 -f exhibit=EX-1 -f check=equal -f manifest=FILE --as ilves",
            id="disclosed",
        ),
        pytest.param(
            entry("data-disclosed", "skylark"), {"skylark": HERE["skylark"]}, "EPOC", [], (),
            "export PPO-1 --audience ISS -o answer.evidence.zip --as skylark",
            id="disclosed-at-the-ledger-of-the-provider",
        ),
        pytest.param(
            entry("order-received", "harbor"), {"harbor": SigningOffice("harbor", "XV", ("SP",))}, "2AP-7", [], (),
            "disclose PPO-1 FILE --channel provider-portal --elements name,email-address --as harbor",
            id="received-by-one-of-two-providers",
        ),
        pytest.param(
            entry("data-disclosed"), HERE, "EPOC",
            [entry("evidence-received", exhibit="EX-1"), entry("evidence-received", exhibit="EX-3"),
             entry("data-disclosed", exhibit="EX-2")], FILES,
            "record evidence-received PPO-1 -f exhibit=EX-2 -f check=equal -f manifest=a.zip -f 'manifest=b c.zip'"
            " --as ilves",
            id="disclosed-as-two-files-after-two-exhibits",
        ),
        pytest.param(
            entry("evidence-received"), HERE, "EPOC", [], (),
            "file PPO-1 --audience COURT --because 'hearing in K-17' --as ilves -o filing",
            id="evidence",
        ),
        *(
            pytest.param(entry(kind), HERE, "EPOC", [], (), f"{asked} PPO-1", id=kind)
            for kind, asked in [
                ("notification-sent", "judge"), ("non-disclosure-instructed", "judge"),
                ("ground-for-refusal-raised", "judge"), ("order-corrected", "judge"), ("order-closed", "show"),
            ]
        ),
    ],
)  # fmt: skip
def test_each_step_of_an_order_is_followed_by_the_command_for_the_next_one(
    last: Any, here: dict[str, SigningOffice], instrument: str, before: list[Any], files: tuple[str, ...], command: str
) -> None:
    case: Any = SimpleNamespace(
        instrument=instrument, entries=(entry("order-issued", **ISSUED), *before, last), registry=()
    )
    assert Following(case, "PPO-1", here, files).after(last) == f"comity {command}"


ELSEWHERE = {"ilves": HERE["ilves"]}
AUTHORITY = {"ncco": SigningOffice("ncco", "XV", ("NOT",))}
PINNED = entry("policy-adopted", policy="counterparty ledger.example/skylark", document={"sha256": "0" * 64})
PINNED.role = "ADM"
SENT = entry("order-transmitted", addressee="skylark")
NOTIFIED = entry("notification-sent", notified_authority="ncco")
NARROWED = entry("order-adapted", elements_sought=["name"])
CAME = (entry("order-issued", **ISSUED), NOTIFIED, SENT, entry("order-validated", "judge"))


@pytest.mark.parametrize(
    ("here", "entries", "pins", "command"),
    [
        pytest.param(ELSEWHERE, CAME[:3], (PINNED,),
                     "export PPO-1 --audience SP -o order.evidence.zip --as ilves", id="sent-to-another-ledger"),
        pytest.param(ELSEWHERE, (*CAME, entry("order-received", "skylark")), (PINNED,), "judge PPO-1",
                     id="received-in-another-ledger"),
        pytest.param({"skylark": HERE["skylark"]}, CAME, (PINNED,),
                     "record order-received PPO-1 -f proof_kind=own-stamp --as skylark", id="arrived-with-others"),
        pytest.param({"skylark": HERE["skylark"]}, (*CAME, entry("order-received", "skylark")), (), "judge PPO-1",
                     id="the-authority-may-still-say-no"),
        pytest.param({"skylark": HERE["skylark"]}, (*CAME, entry("no-ground-confirmed", "ncco")), (),
                     "disclose PPO-1 FILE --channel decentralised-it-system --elements name,email-address --as skylark",
                     id="released"),
        pytest.param({"skylark": HERE["skylark"]}, (*CAME, NARROWED, entry("no-ground-confirmed", "ncco")), (),
                     "disclose PPO-1 FILE --channel decentralised-it-system --elements name --as skylark",
                     id="narrowed-and-released"),
        pytest.param(AUTHORITY, CAME, (), "record notification-received PPO-1 -f proof_kind=own-stamp --as ncco",
                     id="notified"),
        pytest.param(AUTHORITY, (*CAME, entry("notification-received", "ncco"), entry("order-received", "skylark")), (),
                     "judge PPO-1", id="nothing-for-an-authority-that-has-received-it"),
    ],
)  # fmt: skip
def test_between_ledgers_each_office_is_told_its_own_next_step(
    here: dict[str, SigningOffice], entries: tuple[Any, ...], pins: tuple[Any, ...], command: str
) -> None:
    case: Any = SimpleNamespace(instrument="EPOC", entries=entries, registry=pins)
    assert Following(case, "PPO-1", here).after_all(entries[1:]) == f"comity {command}"


def test_what_the_record_does_not_tell_is_left_to_the_reader() -> None:
    case: Any = SimpleNamespace(instrument="EPOC", entries=(entry("order-issued", providers=None),), registry=())
    following = Following(case, "PPO-1", {})
    assert following.after(entry("order-issued")).endswith(
        " addressee=PROVIDER -f channel=decentralised-it-system --as OFFICE"
    )
    assert "--elements" not in following.after(entry("order-received"))
    assert "--because 'hearing in PPO-1' --as OFFICE -o filing" in following.after(entry("evidence-received"))
