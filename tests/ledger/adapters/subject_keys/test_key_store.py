"""The keys of data subjects: who is named, complete erasure or refusal, and no trace of a destroyed key."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cli.exit_codes import Exit
from cli.session.ledger_reader import reading
from ledger.adapters.folders.ledger_folder import read_folder
from ledger.adapters.log.log import Log
from ledger.adapters.storage.entry_reader import EntryReader
from ledger.adapters.storage.entry_store import EntryStore
from ledger.adapters.subject_keys.key_store import SubjectKeyStore
from ledger.adapters.subject_keys.names import COMPANION, HOLDER, TARGET, check_name
from ledger.adapters.subject_keys.schema import VERSION
from ledger.application import journal
from ledger.application.journal import Journal
from ledger.application.write.draft import target_of
from ledger.entries.case import Unread
from ledger.errors import LedgerError
from ledger.facts import build
from tests.ledger.application.test_journal import ILVES, ORDER, Clock, ilves, issued, made
from tests.support.cli import House, run
from tests.support.kept_files import Kept, contradicted

ERASED = Unread.ERASED
ERASE = ("--cause", "erasure-granted", "--as", "ilves", "--yes")


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path).furnished()


def reason(house: House, order: str, text: str, *more: str) -> Any:
    """Record a delay of notice with a sealed reason."""
    words = ("record", "customer-notification-delayed", order, "-f", f"reasons={text}", "-f", "review_on=2099-01-01")
    return house.run(*words, "--as", "ilves", "--yes", *more)


def delayed(house: House, order: str, text: str, *more: str) -> None:
    done = reason(house, order, text, *more)
    assert done.exit_code == Exit.DONE, done.output


def erased(house: House, *words: str) -> Any:
    return house.run("erase", *words, *ERASE)


def opened(house: House, order: str = "PPO-1") -> list[Any]:
    """Return the sealed reasons of an order in sequence, as a reader opens them."""
    with reading(house.ledger) as reader:
        return [e.sealed["reasons"] for e in reader.case(order).entries if "reasons" in e.sealed]


def size(house: House) -> int:
    with closing(EntryReader(read_folder(house.ledger).entries)) as shelf:
        return shelf.size()


def destroyed(house: House) -> int:
    """Return the number of entries that record a destroyed key."""
    with closing(EntryReader(read_folder(house.ledger).entries)) as shelf:
        return len(list(shelf.of_kind("payload-key-destroyed")))


def second(house: House) -> None:
    words = ("issue", "--instrument", "2AP-7", "--to", "XV", "--unregistered", "--reference", "PPO-2", "--as", "ilves")
    done = house.run(*words)
    assert done.exit_code == 0, done.output


def keys(house: House) -> SubjectKeyStore:
    return SubjectKeyStore(house.ledger / "keys.db", writable=False)


def in_keys(house: House, words: str) -> bool:
    """Return True if the bytes of these words are in keys.db or its write-ahead log."""
    return any(words.encode() in file.read_bytes() for file in house.ledger.glob("keys.db*"))


# -- names of data subjects --------------------------------------------------------------------------------------------


def test_the_values_of_an_entry_may_be_a_named_persons_and_are_erased_alone(house: House) -> None:
    delayed(house, "PPO-1", "of the target")
    delayed(house, "PPO-1", "of the witness", "--subject", "witness 3")
    assert in_keys(house, "witness 3")
    done = erased(house, "PPO-1", "--subject", "witness 3")
    assert done.exit_code == Exit.DONE, done.output
    assert opened(house) == ["of the target", ERASED]
    assert not in_keys(house, "witness 3"), "the name goes with the last key"


def test_one_field_may_be_a_named_persons_and_the_others_stay_the_targets(house: House) -> None:
    words = ("issue", "--instrument", "2AP-7", "--to", "XV", "--unregistered", "--reference", "PPO-2", "--as", "ilves")
    fields = ("-f", "identifiers=a@skylark.example", "-f", "identifiers=b@skylark.example", "-f", "offences=fraud")
    assert house.run(*words, *fields, "--subject", "identifiers=second holder").exit_code == 0
    assert erased(house, "--subject", "second holder").exit_code == Exit.DONE
    with reading(house.ledger) as reader:
        (issued, *_) = reader.case("PPO-2").entries
    assert (issued.sealed["identifiers"], issued.sealed["offences"]) == (ERASED, ["fraud"]), "a list goes as a whole"


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (("--subject", "review_on=witness 3"), "review_on is not sealed"),
        (("--subject", "why=witness 3"), "why is not stated"),
        (("--subject", "reasons=one", "--subject", "reasons=two"), "said twice"),
        (("--subject", "one", "--subject", "two"), "said twice"),
        (("--subject", " "), "one line of 1 to 200"),
        (("--subject", "a\nb"), "one line of 1 to 200"),
        (("--subject", "companion x"), "the ledger's own"),
        (("--subject", "target of PPO-9"), "ORDER-UNKNOWN"),
    ],
)
def test_a_subject_that_cannot_be_meant_is_refused_and_nothing_is_written(
    said: tuple[str, ...], message: str, house: House
) -> None:
    before = size(house)
    done = reason(house, "PPO-1", "x", *said)
    assert (done.exit_code, message in done.output, size(house)) == (Exit.USAGE, True, before), done.output


def test_what_puts_an_entry_right_holds_data_of_the_same_person(house: House) -> None:
    delayed(house, "PPO-1", "of the witnes", "--subject", "witness 3")
    delayed(house, "PPO-1", "of the witness", "--replaces", "#2", "--why", "the name of Jaan Tamm was misspelt")
    assert erased(house, "PPO-1", "--subject", "witness 3").exit_code == Exit.DONE
    with reading(house.ledger) as reader:
        replaced, put_right = (e for e in reader.case("PPO-1").entries if "reasons" in e.sealed)
    assert (replaced.sealed["reasons"], put_right.sealed["reasons"], put_right.sealed["why"]) == (
        ERASED,
        ERASED,
        ERASED,
    )


def test_a_name_may_hold_an_equals_sign_where_no_field_is_called_so(house: House) -> None:
    delayed(house, "PPO-1", "x", "--subject", "account=7")
    with closing(keys(house)) as subject_keys:
        assert subject_keys.keys_of("account=7")


def test_a_repeated_id_that_names_another_person_is_a_conflict(house: House) -> None:
    delayed(house, "PPO-1", "x", "--id", "ab" * 16, "--subject", "one", "--on", "2026-01-05T00:00:00Z")
    again = ("--id", "ab" * 16, "--on", "2026-01-05T00:00:00Z")
    assert reason(house, "PPO-1", "x", *again, "--subject", "one").exit_code == Exit.DONE
    done = reason(house, "PPO-1", "x", *again, "--subject", "two")
    assert (done.exit_code, "CONFLICT" in done.output) == (Exit.REFUSED, True)


def test_an_import_names_subjects_in_a_column(house: House, tmp_path: Path) -> None:
    rows = [
        "order,kind,occurred,reasons,review_on,subject",
        "PPO-1,customer-notification-delayed,2026-01-03T00:00:00Z,one,2099-01-01,witness 3",
        "PPO-1,customer-notification-delayed,2026-01-04T00:00:00Z,two,2099-01-01,reasons=witness 4",
        "PPO-1,customer-notification-delayed,2026-01-05T00:00:00Z,three,2099-01-01,",
    ]
    table = tmp_path / "t.csv"
    table.write_text("\n".join(rows))
    done = house.run("import", str(table), "--as", "ilves")
    assert done.exit_code == Exit.DONE, done.output
    assert erased(house, "--subject", "witness 3").exit_code == Exit.DONE
    assert erased(house, "--subject", "witness 4").exit_code == Exit.DONE
    assert opened(house) == [ERASED, ERASED, "three"]
    table.write_text(
        "\n".join([rows[0], rows[1].replace("2026-01-03", "2026-01-06").replace("witness", "review_on=w")])
    )
    done = house.run("import", str(table), "--as", "ilves")
    assert (done.exit_code, "row 2, subject: review_on is not sealed" in done.output) == (Exit.REFUSED, True)


def test_a_row_that_puts_an_earlier_row_right_holds_data_of_the_same_person(house: House, tmp_path: Path) -> None:
    rows = [
        "order,kind,occurred,reasons,review_on,subject,label,replaces,why",
        "PPO-1,customer-notification-delayed,2026-01-03T00:00:00Z,one,2099-01-01,witness 3,first,,",
        "PPO-1,customer-notification-delayed,2026-01-03T00:00:00Z,two,2099-01-01,,,first,misspelt",
    ]
    table = tmp_path / "t.csv"
    table.write_text("\n".join(rows))
    done = house.run("import", str(table), "--as", "ilves")
    assert done.exit_code == Exit.DONE, done.output
    assert erased(house, "--subject", "witness 3").exit_code == Exit.DONE
    assert opened(house) == [ERASED, ERASED]


# -- one person or two -------------------------------------------------------------------------------------------------


def test_one_name_in_two_orders_is_one_person_with_a_key_for_each_and_that_is_told(house: House) -> None:
    second(house)
    delayed(house, "PPO-1", "first", "--subject", "witness 3")
    done = reason(house, "PPO-2", "second", "--subject", "witness 3")
    assert "'witness 3' is the same person here as in PPO-1" in done.stderr
    with closing(keys(house)) as subject_keys:
        assert len(subject_keys.keys_of("witness 3")) == 2
    done = erased(house, "--subject", "witness 3")
    assert (done.exit_code, "known in PPO-" in done.stderr, "--everywhere" in done.stderr) == (Exit.USAGE, True, True)
    assert erased(house, "PPO-1", "--subject", "witness 3").exit_code == Exit.DONE
    assert (opened(house, "PPO-1"), opened(house, "PPO-2")) == ([ERASED], ["second"])


def test_on_a_terminal_it_is_asked_whether_one_name_is_one_person(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    second(house)
    delayed(house, "PPO-1", "first", "--subject", "witness 3")
    before = size(house)
    monkeypatch.setattr("cli.terminal.prompts.attended", lambda: True)
    words = ("record", "customer-notification-delayed", "PPO-2", "-f", "reasons=x", "-f", "review_on=2099-01-01")
    done = run(*words, "--as", "ilves", "--subject", "witness 3", ledger=house.ledger, stdin="n\n", **house.env)
    assert (done.exit_code, size(house)) == (Exit.INTERRUPTED, before), done.output
    assert "comity subject other, or another name. Go on?" in done.output


def test_everywhere_takes_all_orders_of_a_person(house: House) -> None:
    second(house)
    for order in ("PPO-1", "PPO-2"):
        delayed(house, order, "x", "--subject", "witness 3")
    done = erased(house, "--subject", "witness 3", "--everywhere")
    assert done.exit_code == Exit.DONE, done.output
    assert "covers 2 values in 2 entries of 2 orders" in done.stderr
    assert (opened(house, "PPO-1"), opened(house, "PPO-2"), destroyed(house)) == ([ERASED], [ERASED], 2)
    assert not in_keys(house, "witness 3")


def test_two_targets_that_are_one_person_are_erased_together(house: House) -> None:
    second(house)
    for order in ("PPO-1", "PPO-2"):
        delayed(house, order, "x")
    assert house.run("subject", "same", "target of PPO-1", "target of PPO-2").exit_code == Exit.DONE
    assert erased(house, "PPO-1", "--everywhere").exit_code == Exit.DONE
    assert (opened(house, "PPO-1"), opened(house, "PPO-2")) == ([ERASED], [ERASED])


def test_two_names_of_one_person_in_one_order_are_erased_together(house: House) -> None:
    for name in ("witness 3", "J. Tamm"):
        delayed(house, "PPO-1", f"of {name}", "--subject", name)
    assert house.run("subject", "same", "witness 3", "J. Tamm").exit_code == Exit.DONE
    delayed(house, "PPO-1", "and more", "--subject", "J. Tamm")
    assert erased(house, "PPO-1", "--subject", "witness 3").exit_code == Exit.DONE
    assert opened(house) == [ERASED, ERASED, ERASED]
    again = erased(house, "PPO-1", "--subject", "J. Tamm")
    assert (again.exit_code, "already destroyed, entry" in again.stderr) == (Exit.DONE, True), again.output


def test_a_name_may_mean_another_person_in_one_order(house: House) -> None:
    second(house)
    for order in ("PPO-1", "PPO-2"):
        delayed(house, order, "x", "--subject", "witness 3")
    assert house.run("subject", "other", "witness 3", "PPO-2", "another witness").exit_code == Exit.DONE
    assert erased(house, "--subject", "witness 3", "--everywhere").exit_code == Exit.DONE
    assert (opened(house, "PPO-1"), opened(house, "PPO-2")) == ([ERASED], ["x"])
    unknown = house.run("subject", "same", "witness 3", "another witness")
    assert (unknown.exit_code, "SUBJECT-UNKNOWN" in unknown.output) == (Exit.USAGE, True)


def test_the_register_is_asked_about_one_person_in_all_orders(house: House) -> None:
    second(house)
    delayed(house, "PPO-2", "x", "--subject", "witness 3")
    done = house.run("register", "--subject", "witness 3", "--json")
    assert len({row["order"] for row in json.loads(done.stdout)["register"]}) == 1
    done = house.run("register", "--subject", "target of PPO-2", "--json")
    assert json.loads(done.stdout)["register"]
    assert house.run("register", "--subject", "witness 4").exit_code == Exit.USAGE


def test_no_entry_states_the_name_of_a_subject(house: House) -> None:
    delayed(house, "PPO-1", "x", "--subject", "witness 3")
    erased(house, "PPO-1", "--subject", "witness 3")
    assert not any(b"witness 3" in file.read_bytes() for file in house.ledger.rglob("*") if file.is_file())


# -- complete, and once ------------------------------------------------------------------------------------------------


def test_an_erasure_names_what_it_covers_before_anything_is_destroyed(house: House) -> None:
    delayed(house, "PPO-1", "x", "--subject", "witness 3")
    done = house.run("erase", "PPO-1", "--subject", "witness 3", *ERASE[:-1])
    assert done.exit_code == Exit.USAGE
    assert "covers 1 value in 1 entry of 1 order" in done.stderr
    assert "PPO-1: #2 customer-notification-delayed: reasons" in done.stderr
    assert (opened(house), destroyed(house)) == (["x"], 0)


@pytest.mark.parametrize("whose", [(), ("--subject", "witness 3"), ("--subject", "witness 3", "--everywhere")])
def test_a_repeated_erasure_says_which_entry_says_so_and_adds_none(whose: tuple[str, ...], house: House) -> None:
    delayed(house, "PPO-1", "x", *whose[:2])
    first = json.loads(house.run("erase", "PPO-1", *whose, *ERASE, "--json").stdout)
    done = erased(house, "PPO-1", *whose)
    assert (done.exit_code, destroyed(house)) == (Exit.DONE, 1), done.output
    assert f"already destroyed, entry {first['index']}" in done.stderr
    misspelt = erased(house, "PPO-1", "--subject", "witnes 3")
    assert (misspelt.exit_code, "SUBJECT-UNKNOWN" in misspelt.output) == (Exit.USAGE, True)


CUTS: dict[str, tuple[Any, str]] = {
    "before the keys are destroyed": (SubjectKeyStore, "destroy"),
    "before it is recorded": (Journal, "record_batch"),
    "before the ciphertexts are dropped": (EntryStore, "remove_ciphertexts"),
    "before that is noted": (SubjectKeyStore, "mark_recorded"),
}


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("whose", [(), ("--subject", "witness 3")])
def test_an_erasure_cut_short_anywhere_is_finished_by_the_same_call_and_recorded_once(
    cut: str, whose: tuple[str, ...], house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    delayed(house, "PPO-1", "x", *whose)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(*CUTS[cut], killed)
    assert erased(house, "PPO-1", *whose).exit_code == Exit.INTERRUPTED
    monkeypatch.undo()
    recorded = destroyed(house)
    said = house.run("checkpoint").stderr
    assert ("the record does not say so yet" in said) == (cut == "before it is recorded")
    if cut == "before it is recorded":
        assert house.run("fsck").exit_code == Exit.FINDINGS
    done = erased(house, "PPO-1", *whose)
    assert (done.exit_code, destroyed(house), opened(house)) == (Exit.DONE, 1, [ERASED]), done.output
    assert ("already destroyed" in done.stderr) == bool(recorded)
    assert "does not say so" not in house.run("checkpoint").stderr
    assert house.reply("fsck")["verdict"] == "CONSISTENT"
    entry = next(e for e in house.reply("timeline", "PPO-1")["timeline"] if e["kind"] == "payload-key-destroyed")
    assert entry["fields"]["cause"] == "erasure-granted"


def test_an_erasure_that_another_one_finishes_keeps_its_cause(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    delayed(house, "PPO-1", "x", "--subject", "witness 3")
    monkeypatch.setattr(Journal, "record_batch", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    assert erased(house, "PPO-1", "--subject", "witness 3").exit_code == Exit.INTERRUPTED
    monkeypatch.undo()
    done = house.run("erase", "PPO-1", "--cause", "retention-ended", "--as", "ilves", "--yes")
    assert done.exit_code == Exit.DONE, done.output
    entries = [e for e in house.reply("timeline", "PPO-1")["timeline"] if e["kind"] == "payload-key-destroyed"]
    assert sorted(e["fields"]["cause"] for e in entries) == ["erasure-granted", "retention-ended"]


def test_the_values_of_a_companion_are_erased_with_those_of_their_order(tmp_path: Path) -> None:
    with made(tmp_path / "ledger") as ledger:
        ledger.record(issued(), ORDER, ilves(ledger))
        sought = ledger.record(build("ex-post-validation-sought", {"asked_of": "ilves"}, {}), ORDER, ilves(ledger))
        public = {"about": sought.leaf, "capacity": "judge"}
        granted = build("ex-post-validation-granted", public, {"reasons": "the witness confirms it"})
        companion = ledger.record(granted, sought.order, ledger.signer("ilves", "VAL", ILVES)).order
        assert {order for _, order, *_ in ledger.erasure.covered(target_of(ORDER), ORDER).values} == {ORDER, companion}
        receipts = ledger.erasure.erase(target_of(ORDER), ilves(ledger), order=ORDER, cause="retention-ended")
        assert {receipt.order for receipt in receipts} == {ORDER, companion}
        left = {n for e in ledger.case(ORDER).entries for n, v in e.sealed.items() if v is not None and v is not ERASED}
        assert left == {"main_order"}, "the link to the companion names nobody"
        again = ledger.erasure.erase(target_of(ORDER), ilves(ledger), order=ORDER, cause="retention-ended")
        assert [(r.index, r.already) for r in again] == [(r.index, True) for r in receipts]


# -- keys of another folder --------------------------------------------------------------------------------------------


def moved(house: House) -> Path:
    """Replace keys.db by that of another folder; return the path of the original."""
    mine = house.folder / "keys.db"
    for ending in ("", "-wal", "-shm"):
        if (file := Path(f"{house.ledger / 'keys.db'}{ending}")).exists():
            shutil.move(file, f"{mine}{ending}")
    SubjectKeyStore.create(house.ledger / "keys.db").close()
    return mine


def test_nobody_files_papers_whose_values_are_under_other_keys(house: House) -> None:
    delayed(house, "PPO-1", "x")
    moved(house)
    before, folder = size(house), house.folder / "filed"
    done = house.run("file", "PPO-1", "--audience", "COURT", "-o", str(folder), "--as", "ilves")
    assert (done.exit_code, "KEYS-OTHER" in done.output) == (Exit.UNDECIDABLE, True), done.output
    assert (size(house), folder.exists()) == (before, False)
    bundle = house.folder / "x.zip"
    exported = house.run("export", "PPO-1", "--audience", "COURT", "-o", str(bundle), "--as", "ilves")
    assert (exported.exit_code, "stay closed for every reader" in exported.output) == (Exit.DONE, True), exported.output


def put_back(house: House, mine: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        Path(f"{house.ledger / 'keys.db'}{ending}").unlink(missing_ok=True)
        if (file := Path(f"{mine}{ending}")).exists():
            shutil.copy(file, f"{house.ledger / 'keys.db'}{ending}")


def mixed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seal PPO-2 under the keys of another folder, as earlier versions could, and PPO-1 under our own keys."""
    delayed(house, "PPO-1", "ours")
    mine = moved(house)
    monkeypatch.setattr(journal, "check_bound", lambda *_: None)
    second(house)
    delayed(house, "PPO-2", "theirs", "--subject", "witness 3")
    monkeypatch.undo()
    put_back(house, mine)


def test_other_keys_seal_open_and_erase_nothing_and_reading_goes_on(house: House) -> None:
    delayed(house, "PPO-1", "x")
    mine, before = moved(house), size(house)
    asked: tuple[tuple[str, ...], ...] = (
        (
            "issue",
            "--instrument",
            "2AP-7",
            "--to",
            "XV",
            "--unregistered",
            "--reference",
            "PPO-2",
            "-f",
            "offences=fraud",
            "--as",
            "ilves",
        ),
        ("timeline", "PPO-1", "--reveal", "--because", "why not", "--as", "ilves"),
        ("register", "PPO-1", "--reveal", "--because", "y", "--purpose", "other", "--as", "ilves"),
        ("erase", "PPO-1", *ERASE),
        ("erase", "--subject", "witness 3", *ERASE),
    )
    for words in asked:
        done = house.run(*words)
        assert (done.exit_code, "KEYS-OTHER" in done.output) == (Exit.UNDECIDABLE, True), (words, done.output)
    message = " ".join(done.output.split())
    assert f"in entry {before - 1} by ilves" in message
    assert "on the machine and in the folder that recorded it" in message
    bundle = str(house.folder / "x.zip")
    done = house.run("export", "PPO-1", "--audience", "COURT", "-o", bundle, "--as", "ilves")
    assert (done.exit_code, "3 sealed values not opened" in done.output) == (Exit.DONE, True), done.output
    assert size(house) == before + 1, "the heads were committed; no access is on record that opened nothing"
    with closing(keys(house)) as subject_keys:
        assert subject_keys.subjects() == {}, "and no key was made"
    assert house.run("timeline", "PPO-1").exit_code == Exit.DONE
    assert house.run("judge", "PPO-1").exit_code in (Exit.DONE, Exit.FINDINGS)
    words = ("record", "order-transmitted", "PPO-1", "-f", "addressee=ilves", "-f", "channel=mail", "--as", "ilves")
    assert house.run(*words, "--yes").exit_code == Exit.DONE, "what seals nothing is recorded"
    put_back(house, mine)
    delayed(house, "PPO-1", "y")


def test_an_import_under_other_keys_records_nothing(house: House, tmp_path: Path) -> None:
    delayed(house, "PPO-1", "x")
    moved(house)
    before = size(house)
    table = tmp_path / "t.csv"
    row = "PPO-1,customer-notification-delayed,2026-01-03T00:00:00Z,one,2099-01-01"
    table.write_text(f"order,kind,occurred,reasons,review_on\n{row}\n")
    done = house.run("import", str(table), "--as", "ilves")
    assert (done.exit_code, "KEYS-OTHER" in done.output, size(house)) == (Exit.UNDECIDABLE, True, before)


def test_an_old_copy_of_the_keys_seals_nothing_behind_what_it_does_not_know(house: House) -> None:
    delayed(house, "PPO-1", "x")
    with closing(sqlite3.connect(house.ledger / "keys.db")) as c:
        c.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    old = shutil.copy(house.ledger / "keys.db", house.folder / "old.db")
    delayed(house, "PPO-1", "y", "--subject", "witness 3")
    put_back(house, Path(old))
    done = reason(house, "PPO-1", "z")
    assert (done.exit_code, "an old copy of keys.db" in " ".join(done.output.split())) == (Exit.UNDECIDABLE, True)


def test_two_openings_with_keys_of_their_own_never_both_seal(tmp_path: Path) -> None:
    """A second process that is open already is refused at its next sealed value, not only when it opens again."""
    with made(tmp_path / "ledger") as one, Journal.open(tmp_path / "ledger", now=Clock()) as two:
        assert two.subject_keys is not None
        SubjectKeyStore.create(tmp_path / "other.db").close()
        two.subject_keys.close()
        two.subject_keys = two._sealer._subject_keys = SubjectKeyStore(tmp_path / "other.db")
        with pytest.raises(LedgerError, match="KEYS-OTHER"):
            two.record(issued(), ORDER, ilves(two))
        assert one.record(issued(), ORDER, ilves(one)).seq == 1


def test_an_erasure_that_would_leave_values_under_other_keys_is_refused_and_names_them(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    mixed(house, monkeypatch)
    delayed_here = ("--reveal", "--because", "x", "--as", "ilves")
    for words in (("erase", "PPO-2", *ERASE), ("erase", "PPO-1", "--everywhere", *ERASE)):
        done = house.run(*words)
        assert (done.exit_code, "KEYS-OTHER" in done.output) == (Exit.UNDECIDABLE, True), done.output
        assert destroyed(house) == 0
    done = house.run("timeline", "PPO-2", *delayed_here)
    assert (done.exit_code, "KEYS-OTHER" in done.output) == (Exit.UNDECIDABLE, True)
    done = erased(house, "PPO-2", "--subject", "witness 3", "--only-here")
    message = " ".join(done.output.split())
    assert (done.exit_code, "KEYS-OTHER" in message, "nothing is sealed" in message) == (
        Exit.UNDECIDABLE,
        True,
        False,
    ), message
    done = erased(house, "PPO-1", "--everywhere", "--only-here")
    message = " ".join(done.output.split())
    assert (done.exit_code, destroyed(house), opened(house)) == (Exit.UNDECIDABLE, 1, [ERASED]), message
    assert "stay readable where their keys are" in message


def test_values_whose_keys_are_lost_for_good_are_dropped_and_the_ledger_goes_on(house: House) -> None:
    delayed(house, "PPO-1", "x")
    moved(house)
    assert reason(house, "PPO-1", "y").exit_code == Exit.UNDECIDABLE
    assert house.run("erase", "PPO-1", "--lost", *ERASE).exit_code == Exit.USAGE
    words = ("erase", "--lost", "--cause", "other", "--as", "ilves")
    done = house.run(*words)
    assert (done.exit_code, destroyed(house)) == (Exit.USAGE, 0), "it asks"
    assert "PPO-1: #2 customer-notification-delayed: reasons" in done.stderr
    assert house.run(*words, "--yes").exit_code == Exit.DONE
    delayed(house, "PPO-1", "y")
    assert opened(house) == [ERASED, "y"]
    assert house.reply("fsck")["verdict"] == "CONSISTENT"
    count = destroyed(house)
    assert (house.run(*words, "--yes").exit_code, destroyed(house)) == (Exit.DONE, count)


# -- the integrity of the ledger ---------------------------------------------------------------------------------------


def test_values_under_keys_that_are_neither_here_nor_destroyed_leave_the_ledger_undecided(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert house.reply("fsck")["verdict"] == "CONSISTENT"
    mixed(house, monkeypatch)
    done = house.run("fsck", "--json")
    report = json.loads(done.stdout)
    assert (done.exit_code, report["verdict"]) == (Exit.FINDINGS, "UNDECIDED")
    (reason,) = report["reasons"]
    assert (reason["code"], reason["where"]) == ("KEYS-OTHER", "keys.db")
    assert re.match(r"3 sealed values in entries \d+, \d+ are under keys", reason["says"]), reason["says"]


def test_a_value_that_stays_readable_although_an_entry_says_its_key_is_destroyed_is_found(house: House) -> None:
    delayed(house, "PPO-1", "x")
    shutil.copytree(house.ledger, house.folder / "before")
    assert erased(house, "PPO-1").exit_code == Exit.DONE
    for name in ("entries.db", "entries.db-wal", "entries.db-shm"):
        (house.ledger / name).rename(house.folder / name) if (house.ledger / name).exists() else None
    with (
        closing(sqlite3.connect(house.folder / "entries.db")) as c,
        closing(sqlite3.connect(house.folder / "before" / "entries.db")) as was,
    ):
        kept = was.execute("SELECT idx, field, digest, key_id, ciphertext FROM ciphertext").fetchall()
        c.execute("DELETE FROM ciphertext")
        c.executemany("INSERT INTO ciphertext VALUES (?, ?, ?, ?, ?)", kept)
        c.commit()
    for name in ("entries.db", "entries.db-wal", "entries.db-shm"):
        (house.folder / name).rename(house.ledger / name) if (house.folder / name).exists() else None
    done = house.run("fsck")
    assert (done.exit_code, "encrypted under a destroyed key, is still stored" in done.output) == (0, True), done.output
    put_back(house, house.folder / "before" / "keys.db")
    assert opened(house) == ["x"], "else this test proves nothing"
    report = json.loads(house.run("fsck", "--json").stdout)
    assert report["verdict"] == "INCONSISTENT"
    assert {reason["code"] for reason in report["reasons"]} == {"KEYS-KEPT"}
    done = erased(house, "PPO-1")
    assert (done.exit_code, destroyed(house), "already destroyed" in done.output) == (Exit.DONE, 1, True)
    assert opened(house) == [ERASED]
    assert house.reply("fsck")["verdict"] == "CONSISTENT"


def test_a_key_that_came_back_is_found_although_nothing_is_left_to_open(house: House) -> None:
    delayed(house, "PPO-1", "x")
    mine = house.folder / "before"
    shutil.copytree(house.ledger, mine)
    assert erased(house, "PPO-1").exit_code == Exit.DONE
    put_back(house, mine / "keys.db")
    report = json.loads(house.run("fsck", "--json").stdout)
    assert (report["verdict"], [reason["code"] for reason in report["reasons"]]) == ("INCONSISTENT", ["KEYS-KEPT"])
    before = size(house)
    done = reason(house, "PPO-1", "sealed with it again")
    assert (done.exit_code, "KEYS-KEPT" in done.output, size(house)) == (Exit.REFUSED, True, before)
    assert erased(house, "PPO-1").exit_code == Exit.DONE
    delayed(house, "PPO-1", "y")
    assert (opened(house), house.reply("fsck")["verdict"]) == ([ERASED, "y"], "CONSISTENT")


def test_a_copy_without_keys_is_whole_and_says_that_keys_were_not_compared(house: House) -> None:
    (house.ledger / "keys.db").unlink()
    done = house.run("fsck")
    assert (done.exit_code, "not compared with their keys" in done.output) == (Exit.DONE, True)


# -- keys of earlier versions ------------------------------------------------------------------------------------------


def secrets_of(file: Path, table: str) -> set[tuple[str, bytes]]:
    with closing(sqlite3.connect(file)) as c:
        return set(c.execute(f"SELECT key_id, secret FROM {table}").fetchall())  # noqa: S608


@pytest.mark.parametrize("name", ["karsk", "skylark", "plain"])
def test_the_keys_of_the_first_version_are_raised_in_their_place_and_all_stay(name: str, tmp_path: Path) -> None:
    house = Kept(name, tmp_path)
    file = house.ledger / "keys.db"
    before, raw = secrets_of(file, "drawer"), file.read_bytes()
    with closing(SubjectKeyStore(file, writable=False)) as subject_keys:
        read = subject_keys.subjects()
    assert file.read_bytes() == raw, "a reader changes nothing"
    with closing(SubjectKeyStore(file)) as subject_keys:
        assert subject_keys.subjects() == read
    with closing(sqlite3.connect(file)) as c:
        assert c.execute("PRAGMA user_version").fetchone() == (VERSION,)
        tables = {name for (name,) in c.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    assert "drawer" not in tables
    assert secrets_of(file, "subject_key") == before
    assert contradicted(house.run("fsck", "--json")) == []


def test_who_reads_keys_of_the_first_version_goes_on_when_another_raises_them(tmp_path: Path) -> None:
    house = Kept("plain", tmp_path)
    with closing(SubjectKeyStore(house.ledger / "keys.db", writable=False)) as reader:
        before = reader.subjects()
        SubjectKeyStore(house.ledger / "keys.db").close()
        assert reader.subjects() == before
        assert reader.unrecorded() == []


def test_a_ledger_of_the_first_version_is_erased_whole_and_says_what_was_erased_then(tmp_path: Path) -> None:
    house = Kept("plain", tmp_path)
    words = ("erase", "A-1", "--cause", "retention-ended", "--as", "orn", "--role", "ISS", "--yes")
    done = house.run(*words, "--key", str(house.keys / "orn-next"))
    assert done.exit_code == Exit.DONE, done.output
    again = house.run(*words, "--key", str(house.keys / "orn-next"))
    assert (again.exit_code, "already destroyed, entry" in again.output) == (Exit.DONE, True), again.output
    assert contradicted(house.run("fsck", "--json")) == []


def test_keys_that_version_1_had_destroyed_without_an_entry_are_finished(tmp_path: Path) -> None:
    house = Kept("plain", tmp_path)
    with closing(sqlite3.connect(house.ledger / "keys.db")) as c:
        (name, key_id) = c.execute("SELECT subject, key_id FROM drawer WHERE subject LIKE 'target of %'").fetchone()
        c.execute("DELETE FROM drawer WHERE subject = ?", (name,))
        c.execute("INSERT INTO destroyed VALUES (?)", (key_id,))
        c.commit()
    words = ("erase", "A-1", "--cause", "retention-ended", "--as", "orn", "--role", "ISS", "--yes")
    done = house.run(*words, "--key", str(house.keys / "orn-next"))
    assert (done.exit_code, "recorded payload-key-destroyed" in done.stdout) == (Exit.DONE, True), done.output


# -- another person, another machine -----------------------------------------------------------------------------------


def test_a_missing_guard_asks_first_whether_this_is_another_account(house: House) -> None:
    done = run(
        *("checkpoint",),
        ledger=house.ledger,
        XDG_STATE_HOME=str(house.folder / "elsewhere"),
        XDG_CONFIG_HOME=str(house.folder / "config"),
    )
    message = " ".join(done.stderr.split())
    assert "GUARD-MISSING" in message
    assert 0 < message.index("another account or machine?") < message.index("comity log move-guard")
    assert "comity succeed" not in message, "a new log is no advice for a second machine"


def test_entries_the_guard_did_not_know_of_are_not_called_a_crash(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, before = Log.acknowledge, size(house)

    def killed(log: Log, index: int, *_: object) -> object:
        if index < before:
            return real(log, index)
        raise KeyboardInterrupt

    monkeypatch.setattr(Log, "acknowledge", killed)
    assert reason(house, "PPO-1", "x").exit_code == Exit.INTERRUPTED
    monkeypatch.undo()
    message = house.run("checkpoint").stderr
    assert f"entry {before} was stored and not acknowledged by this guard" in message
    assert "crash" not in message


def test_a_name_is_one_line_in_one_normal_form() -> None:
    assert check_name(" A\u030angstro\u0308m ") == "\u00c5ngstr\u00f6m"
    for wrong in ("", "x" * 201, "a\u2028b", "companion 1"):
        with pytest.raises(ValueError, match="name"):
            check_name(wrong)


def test_all_keys_of_a_merged_person_are_known_after_the_erasure(tmp_path: Path) -> None:
    with closing(SubjectKeyStore.create(tmp_path / "keys.db")) as store:
        store.keys_for([("Lena", "order"), ("target of order", "order")])
        store.merge("Lena", "target of order")
        keys = set(store.keys_of("Lena", "order"))
        assert len(keys) == 2
        store.destroy(sorted(keys))
        assert set(store.erased_keys("Lena", ["order"])) == keys
        assert set(store.erased_keys("target of order", ["order"])) == keys


def test_the_name_of_a_key_is_the_first_of_its_subject_and_a_key_that_is_not_here_has_none(tmp_path: Path) -> None:
    with closing(SubjectKeyStore.create(tmp_path / "keys.db")) as store:
        assert store.name_of("0" * 32) is None
        store.keys_for([("target of order", "order"), ("Lena", "order"), ("Ruth", "order")])
        named = {name: store.key_of(name, "order") or "" for name in ("target of order", "Lena", "Ruth")}
        assert {name: store.name_of(key_id) for name, key_id in named.items()} == {name: name for name in named}
        store.merge("Lena", "target of order")
        assert {store.name_of(named["Lena"]), store.name_of(named["target of order"])} == {"Lena"}
        store.destroy([named["Ruth"]])
        assert store.name_of(named["Ruth"]) is None


MADE = (f"{COMPANION}a", f"{HOLDER}ilves", f"{TARGET}a")
GIVEN = ("companion", "companion!", "companio o", "person at", "person at!", "target of", "target of!", "Å", "a", "￮")


def test_names_that_users_gave_are_read_without_those_that_the_ledger_made(tmp_path: Path) -> None:
    with closing(SubjectKeyStore.create(tmp_path / "keys.db")) as subject_keys:
        made = subject_keys.keys_for([(name, ORDER) for name in (*GIVEN, *MADE)])
        assert sorted(subject_keys.given_names()) == sorted((name, made[name, ORDER][0]) for name in GIVEN)


def test_a_name_is_similar_to_those_that_users_gave_and_to_persons_at_offices_in_order(tmp_path: Path) -> None:
    with closing(SubjectKeyStore.create(tmp_path / "keys.db")) as subject_keys:
        subject_keys.keys_for([(name, ORDER) for name in (*GIVEN, *MADE, "witness b", "witness a")])
        for asked, similar in {
            "witness c": ["witness a", "witness b"],
            "companion b": [],
            "target of b": [],
            "person at ilve": [f"{HOLDER}ilves"],
            "person at": ["person at!"],
            "target of": ["target of!"],
        }.items():
            assert subject_keys.similar_names(asked) == similar


def test_another_name_of_the_same_subject_is_not_similar(tmp_path: Path) -> None:
    with closing(SubjectKeyStore.create(tmp_path / "keys.db")) as subject_keys:
        subject_keys.keys_for([(name, ORDER) for name in ("witness a", "witness b", "witness c")])
        subject_keys.merge("witness a", "witness b")
        assert subject_keys.similar_names("witness a") == ["witness c"]
