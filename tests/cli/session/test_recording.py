"""Only the program records accesses and destroyed keys, as it opens or destroys them; users cannot type them.

An entry of such a kind from another program is shown with its signer, and does not affect a true one.
"""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from cli.exit_codes import Exit
from cli.session.open_ledger import opened as key_file
from ledger.adapters.folders.user_folders import Home
from ledger.adapters.subject_keys.key_store import SubjectKeyStore
from ledger.application.journal import Journal
from ledger.application.write.draft import holder_of
from ledger.entries.case import Entry, Unread
from ledger.entries.envelope import Circumstances
from ledger.entries.form import BY_COMMAND
from ledger.entries.placement import access_of, registry_of
from ledger.entries.wrapped_entry import KIND
from ledger.errors import RecordError
from ledger.facts import KINDS, build
from projections.reports.data_protection.dpo_questions import register
from projections.reports.recipients import came_to_nothing, readers
from tests.ledger.adapters.subject_keys.test_key_store import size
from tests.support.cli import ORIGIN, House
from tests.support.judging import judged
from tests.support.kept_files import Kept
from tests.support.scenarios import fact, given, issued

ERASE = ("--cause", "erasure-granted", "--as", "ilves", "--yes")
OPENED = ("timeline", "PPO-1", "--reveal", "--because", "an audit", "--as", "ilves", "--purpose", "audit")
NAMED = ("-f", "identifiers=a@skylark.example", "-f", "offences=fraud")
ISSUE = ("issue", "--instrument", "2AP-7", "--to", "XV", "--unregistered", "--reference", "PPO-2", "--as", "ilves")


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path).furnished()


def named(house: House, *subjects: str) -> None:
    done = house.run(*ISSUE, *NAMED, *(word for each in subjects for word in ("--subject", each)))
    assert done.exit_code == Exit.DONE, done.output


def stands(house: House, actor: str, kind: str, order: str, public: dict[str, Any], sealed: dict[str, Any],
           role: str, entry: str | None = None, **said: Any) -> int:  # fmt: skip
    """Record an entry without the command line's checks, as another program of its signer could; return its index."""
    home = Home(house.folder / "state" / "comity", house.keys)
    with Journal.open(house.ledger, home) as journal:
        signer = journal.signer(actor, role, key_file(str(house.keys / actor)), accepts=False)
        moment = journal.now()
        where = journal.find(order) if order not in (journal.access, journal.registry) else order
        fact = build(kind, public, sealed)
        return journal.record(fact, where, signer, Circumstances(moment, moment, **said), entry=entry).index


def key_of(house: House, order: str) -> tuple[str, list[str], str]:
    """Return the key of the target of an order, the digests that it encrypts, and the id of the order."""
    home = Home(house.folder / "state" / "comity", house.keys)
    with Journal.open(house.ledger, home, writable=False) as journal:
        id = journal.find(order)
        assert journal.subject_keys is not None
        (key_id,) = journal.subject_keys.keys_of(f"target of {id}")
        return key_id, [digest for *_, digest in journal.store.encrypted_with(key_id)], id


# -- at the command line -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", sorted(BY_COMMAND))
def test_a_kind_that_a_command_records_is_refused_by_hand_and_the_command_is_named(kind: str, house: House) -> None:
    before = size(house)
    for order in ("PPO-1", access_of(ORIGIN)):
        done = house.run("record", kind, order, "--as", "ilves", "--yes")
        assert (done.exit_code, "COMMAND-ONLY" in done.output) == (Exit.REFUSED, True), done.output
        assert BY_COMMAND[kind] in done.output
    assert size(house) == before


@pytest.mark.parametrize("kind", sorted(BY_COMMAND))
@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_row_of_a_kind_that_a_command_records_is_refused(form: str, kind: str, house: House, tmp_path: Path) -> None:
    row = {"order": "PPO-1", "kind": kind, "occurred": "2026-03-01T09:00:00Z", "actor": "mets", "signer": "ilves"}
    row |= {field.name: "x" for field in KINDS[kind].fields().values() if field.required}
    table = tmp_path / f"rows.{form}"
    lines = f"{','.join(row)}\n{','.join(row.values())}\n" if form == "csv" else json.dumps(row) + "\n"
    table.write_text(lines, "utf-8")
    before = size(house)
    done = house.run("import", str(table), "--as", "ilves")
    assert (done.exit_code, BY_COMMAND[kind] in done.output) == (Exit.REFUSED, True), done.output
    assert size(house) == before


def test_the_commands_themselves_record_these_kinds(house: House) -> None:
    named(house)
    assert house.run(*OPENED[:1], "PPO-2", *OPENED[2:]).exit_code == Exit.DONE
    assert house.reply("log", "-n", "1")["log"][0]["kind"] == "record-accessed"
    assert house.run("erase", "PPO-2", *ERASE).exit_code == Exit.DONE
    assert house.reply("log", "-n", "1")["log"][0]["kind"] == "payload-key-destroyed"


def test_an_arrived_entry_is_not_sealed_without_its_bytes(house: House) -> None:
    said = {"origin": "ledger.example/x", "index": 1, "leaf": "ab" * 32, "envelope": "cd" * 32}
    before = size(house)
    with pytest.raises(RecordError, match="ENT-MISMATCH"):
        stands(house, "ilves", KIND, "PPO-1", {**said, "proof_check": "verifies"}, {}, "ISS")
    assert size(house) == before


# -- a recorded access -------------------------------------------------------------------------------------------------

MADE: dict[str, Any] = {
    "view": "export", "purpose_code": "trial", "orders": ["11111111-1111-4111-8111-111111111111"],
    "justification": "to make a bundle for CT (court): trial",
}  # fmt: skip
AFTER = {**MADE, "justification": "nothing was handed out after entry 9 of the log: no space", "replaces": "made"}


def accesses(by: str = "orn", on: str = "2027-03-11T09:01Z", **said: Any) -> list[Entry]:
    """Make an order and two accesses, of which the second replaces the first; return the accesses."""
    first = fact("record-accessed", "2027-03-11T09:00Z", "orn", "RET", label="made", **MADE)
    second = fact("record-accessed", on, by, "RET", **{**AFTER, **said})
    return list(given(issued("2027-03-01T09:00Z"), first, second).case.entries[1:])


def test_the_programs_own_form_says_that_nothing_was_handed_out() -> None:
    first, second = accesses()
    assert came_to_nothing(second, (first, second)) is first
    assert readers([first, second]) == []


OTHERS: dict[str, dict[str, Any]] = {
    "in words of its own": {"justification": "nothing was opened"},
    "without a reason": {"justification": None},
    "of another view": {"view": "custody"},
    "for another purpose": {"purpose_code": "supervision"},
    "of other orders": {"orders": ["22222222-2222-4222-8222-222222222222"]},
    "dated before the access": {"on": "2027-03-11T08:59Z"},
    "by another office": {"by": "ilves"},
}


@pytest.mark.parametrize("said", OTHERS.values(), ids=OTHERS)
def test_any_other_replacement_leaves_the_access_and_its_reader(said: dict[str, Any]) -> None:
    first, second = accesses(**said)
    assert came_to_nothing(second, (first, second)) is None
    assert readers((first, second)) == ["court"]


def test_an_access_that_its_signer_replaced_is_shown_with_what_replaced_it() -> None:
    first, second = accesses(justification="nothing was opened")
    story = given(issued("2027-03-01T09:00Z"))
    answer = register(story.case, judged(story), (first, second), reveal=True)[1]
    assert len(answer.lines) == 2
    was, now = answer.lines
    assert f"entry {first.index} of the log; its signer replaced it by entry {second.index}." in was
    assert f"entry {second.index} of the log, in place of entry {first.index}." in now
    assert "to make a bundle for CT" in was
    assert "nothing was opened" in now
    assert "Nothing was handed out" not in "".join(answer.lines)


def test_the_register_says_nothing_was_handed_out_of_no_typed_entry(house: House) -> None:
    named(house)
    assert house.run(*OPENED[:1], "PPO-2", *OPENED[2:]).exit_code == Exit.DONE
    home = Home(house.folder / "state" / "comity", house.keys)
    with Journal.open(house.ledger, home, writable=False) as journal:
        access, order = journal.access, journal.find("PPO-2")
        leaf = journal.cases.opened(access)[-1][1].leaf
    public = {"view": "custody", "purpose_code": "supervision", "orders": [order]}
    stands(house, "ilves", "record-accessed", access, public, {}, "ISS", replaces=leaf, why="nothing was opened")
    answer = house.reply("register", "PPO-2")["register"][1]["answer"]
    assert "Nothing was handed out" not in answer
    assert "in place of entry" in answer
    views = [row["view"] for row in json.loads(house.run("report", "dpo", "PPO-2", "--json").stdout)["reads"]]
    assert len(views) == 2
    assert "replaced by entry" in views[0]
    assert "in place of entry" in views[1]


# -- the log of accesses is retained -----------------------------------------------------------------------------------


@pytest.mark.parametrize("how", [("--everywhere",), (), (access_of(ORIGIN),), (registry_of(ORIGIN),)])
def test_the_persons_and_reasons_of_the_log_of_accesses_are_not_erased_as_a_data_subject(
    how: tuple[str, ...], house: House
) -> None:
    named(house)
    assert house.run(*OPENED[:1], "PPO-2", *OPENED[2:]).exit_code == Exit.DONE
    before = size(house)
    done = house.run("erase", *how, "--subject", holder_of("ilves"), *ERASE)
    assert (done.exit_code, "LED art. 25" in done.output) == (Exit.REFUSED, True), done.output
    assert size(house) == before
    shown = house.run("register", "PPO-2", *OPENED[2:], "--json").stdout
    assert "justification: an audit" in shown


def test_a_data_subject_is_never_one_with_a_person_of_the_log(house: House) -> None:
    named(house, "Anna Kask")
    assert house.run(*OPENED[:1], "PPO-2", *OPENED[2:]).exit_code == Exit.DONE
    person = holder_of("ilves")
    for words in (
        ("subject", "same", "Anna Kask", person),
        ("subject", "same", person, "Anna Kask"),
        ("subject", "other", person, registry_of(ORIGIN), "somebody"),
        ("subject", "other", "Anna Kask", "PPO-2", person),
    ):
        done = house.run(*words)
        assert (done.exit_code, "log of accesses" in done.output) == (Exit.REFUSED, True), done.output
    done = house.run(*ISSUE[:-3], "PPO-3", *ISSUE[-2:], *NAMED, "--subject", person)
    assert (done.exit_code, "log of accesses" in done.output) == (Exit.USAGE, True), done.output
    assert house.run("erase", "PPO-2", "--subject", "Anna Kask", *ERASE).exit_code == Exit.DONE


def test_names_that_were_joined_before_do_not_erase_the_log(house: House) -> None:
    named(house, "Anna Kask")
    assert house.run(*OPENED[:1], "PPO-2", *OPENED[2:]).exit_code == Exit.DONE
    subject_keys = SubjectKeyStore(house.ledger / "keys.db")
    subject_keys.merge("Anna Kask", holder_of("ilves"))
    subject_keys.close()
    done = house.run("erase", "--subject", "Anna Kask", "--everywhere", *ERASE)
    assert (done.exit_code, "LED art. 25" in done.output) == (Exit.REFUSED, True), done.output
    assert house.run("erase", "PPO-2", "--subject", "Anna Kask", *ERASE).exit_code == Exit.DONE
    assert "justification: an audit" in house.run("register", "PPO-2", *OPENED[2:], "--json").stdout


def test_the_log_of_accesses_of_a_ledger_of_the_first_version_is_kept(tmp_path: Path) -> None:
    house = Kept("plain", tmp_path)
    words = ("erase", "--subject", holder_of("orn"), "--everywhere", "--cause", "other", "--as", "orn", "--role", "ISS")
    done = house.run(*words, "--key", str(house.keys / "orn-next"), "--yes")
    assert (done.exit_code, "LED art. 25" in done.output) == (Exit.REFUSED, True), done.output


def test_the_register_shows_that_a_field_which_was_stated_is_erased() -> None:
    access = fact("record-accessed", "2027-03-11T09:00Z", "orn", "RET", **{**MADE, "justification": Unread.ERASED})
    story = given(issued("2027-03-01T09:00Z"))
    made = given(issued("2027-03-01T09:00Z"), access).case.entries[1:]
    for reveal in (True, False):
        (line,) = register(story.case, judged(story), made, reveal=reveal)[1].lines
        assert "justification: [erased]" in line


# -- a destruction of a key that another office states -----------------------------------------------------------------


def test_a_destruction_that_no_custodian_states_neither_counts_nor_hides_the_real_one(house: House) -> None:
    house.with_office("lab", "LAB")
    named(house)
    key_id, digests, order = key_of(house, "PPO-2")
    said = {"key_ref": key_id, "digests": digests, "method": "crypto-erased", "cause": "other"}
    forged = stands(house, "lab", "payload-key-destroyed", order, said, {}, "LAB")
    assert house.reply("fsck")["verdict"] == "CONSISTENT"
    done = house.run("erase", "PPO-2", *ERASE)
    assert (done.exit_code, "already destroyed" in done.output) == (Exit.DONE, False), done.output
    assert house.reply("log", "-n", "1")["log"][0]["index"] > forged
    again = house.run("erase", "PPO-2", *ERASE)
    assert (again.exit_code, f"entry {forged}\n" in again.stderr) == (Exit.DONE, False), again.output
    assert house.reply("fsck")["verdict"] == "CONSISTENT"


def test_who_has_taken_the_id_of_an_erasure_does_not_hinder_it(house: House) -> None:
    named(house)
    key_id, digests, order = key_of(house, "PPO-2")
    id = sha256("\n".join(("payload-key-destroyed", order, key_id, *sorted(digests))).encode()).hexdigest()[:32]
    words = ("record", "processing-restricted", "PPO-2", "-f", "cause=unlawful", "--as", "ilves", "--yes")
    assert house.run(*words, "--id", id).exit_code == Exit.DONE
    done = house.run("erase", "PPO-2", *ERASE)
    assert done.exit_code == Exit.DONE, done.output
    assert house.reply("log", "-n", "1")["log"][0]["kind"] == "payload-key-destroyed"
    assert house.reply("fsck")["verdict"] == "CONSISTENT"


def test_who_keeps_no_keys_erases_nothing(house: House) -> None:
    house.with_office("lab", "LAB")
    named(house)
    before = size(house)
    done = house.run("erase", "PPO-2", "--cause", "other", "--as", "lab", "--yes")
    assert (done.exit_code, "does not keep the keys" in done.output) == (Exit.REFUSED, True), done.output
    assert size(house) == before
    assert house.run("erase", "PPO-2", *ERASE).exit_code == Exit.DONE


# -- what an erasure covers --------------------------------------------------------------------------------------------


def test_an_erasure_says_what_stays_readable_under_other_subjects(house: House) -> None:
    named(house, "identifiers=Anna Kask")
    done = house.run("erase", "PPO-2", *ERASE[:-1])
    assert "covers 1 value in 1 entry of 1 order" in done.stderr, done.stderr
    assert "PPO-2: stays readable: 1 value of 'Anna Kask': identifiers" in done.stderr
    done = house.run("erase", "PPO-2", "--subject", "Anna Kask", *ERASE[:-1])
    assert "PPO-2: stays readable: 1 value of 'target of PPO-2': offences" in done.stderr


def test_values_that_were_never_stated_are_not_counted(house: House) -> None:
    named(house, "identifiers=Anna Kask", "offences=Anna Kask")
    done = house.run("erase", "PPO-2", *ERASE)
    assert done.exit_code == Exit.DONE, done.output
    assert "covers 0 values in 0 entries of 0 orders" in done.stderr, done.stderr
    assert "PPO-2: stays readable: 2 values of 'Anna Kask': identifiers, offences" in done.stderr
