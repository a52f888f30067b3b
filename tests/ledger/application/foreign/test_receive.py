"""An entry from another log is verified under pinned keys, wrapped once, or refused with its code."""

from __future__ import annotations

import csv
import io
import json
import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
from click.testing import Result
from msgspec.structs import replace

from cli.exit_codes import Exit
from ledger.adapters.folders.ledger_folder import read_folder
from ledger.adapters.folders.user_folders import Home
from ledger.adapters.keys.key_files import load
from ledger.application.journal import Journal
from ledger.bundle.archive import pack, unpack
from ledger.bundle.contents import Contents
from ledger.entries.case import Unread
from ledger.entries.envelope import Circumstances, EntryPlace, open_, seal
from ledger.entries.payload import Payload
from ledger.entries.placement import registry_of
from ledger.entries.split_view import check_omission, check_order, check_split
from ledger.entries.wrapped_entry import PROOF, wrapper_id
from ledger.errors import RecordError
from ledger.facts import build
from ledger.tlog.note import note_digest, parse_vkey
from ledger.tlog.tree import format_proof, prove_inclusion
from ledger.tlog.tree import root as root_of
from tests.support.cli import run
from tests.support.memory_ledger import Ledger, hand, left_out, two_histories

WITHDRAW = (
    *("record", "order-withdrawn", "E-7", "-f", "data_handling=none-held"),
    *("--as", "ilves", "--yes"),
)


class Office:
    """One of two offices, with a separate ledger and separate folders below `root`."""

    def __init__(self, root: Path, name: str) -> None:
        self.folder = root / name
        self.ledger = self.folder / "ledger"
        self.post = root

    def run(self, *words: str) -> Result:
        env = {"XDG_STATE_HOME": str(self.folder / "state"), "XDG_CONFIG_HOME": str(self.folder / "config")}
        return run(*words, ledger=self.ledger, **env)

    def does(self, *words: str) -> dict[str, Any]:
        done = self.run(*words, "--json")
        assert done.exit_code == 0, done.output
        answer: dict[str, Any] = json.loads(done.stdout) if done.stdout.startswith("{") else {}
        return answer

    def begun(self, party: str, actor: str, role: str) -> Office:
        self.does("init", str(self.ledger), "--origin", f"ledger.example/{party.lower()}/{self.folder.name}")
        self.does("key", "new", actor)
        assert self.run("key", "enrol", actor, "--role", role, "--party", party, "--office", actor).exit_code == 0
        assert self.run("key", "accept", actor).exit_code == 0
        return self

    @property
    def home(self) -> Home:
        return Home(self.folder / "state" / "comity", self.folder / "config" / "comity" / "keys")

    def export(self, name: str, actor: str, audience: str, *more: str) -> str:
        file = str(self.post / name)
        done = self.run("export", "E-7", "--audience", audience, "-o", file, "--as", actor, *more)
        assert done.exit_code == 0, done.output
        return file

    def entries(self) -> int:
        return int(self.does("checkpoint")["size"])

    def evidence(self, ending: str) -> list[Path]:
        return sorted((self.ledger / "evidence").glob(f"*.{ending}"))


OTHER = ("--purpose", "other", "--because", "our own file")


@cache
def _original() -> Path:
    """Make an order of the authority that the provider's ledger lacks; its bundle is in the folder `root`."""
    root = Path(mkdtemp(prefix="comity-test-"))
    karsk, skylark = Office(root, "karsk").begun("XO", "ilves", "ISS"), Office(root, "skylark").begun("XV", "sky", "SP")
    karsk.does("counterparty", "add", str(skylark.ledger))
    skylark.does("counterparty", "add", str(karsk.ledger))
    (root / "order.json").write_text('{"identifiers": ["user-80417"], "summary_of_facts": "Invoices were changed."}')
    issue = ("issue", "--unregistered", "--instrument", "EPOC", "--to", "XV", "--provider", "sky", "--reference", "E-7")
    karsk.does(*issue, "--from", str(root / "order.json"), "--as", "ilves")
    karsk.export("order.zip", "ilves", "SP")
    return root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return Path(shutil.copytree(_original(), tmp_path / "offices"))


@pytest.fixture
def karsk(root: Path) -> Office:
    return Office(root, "karsk")


@pytest.fixture
def skylark(root: Path) -> Office:
    return Office(root, "skylark")


def refused(done: Result, code: str, exit_code: Exit = Exit.REFUSED) -> None:
    assert (done.exit_code, code in done.output) == (exit_code, True), done.output


# -- received entries --------------------------------------------------------------------------------------------------


def test_what_arrived_counts_as_its_signers_act_and_its_values_can_be_erased(skylark: Office, root: Path) -> None:
    assert skylark.does("receive", str(root / "order.zip"), "--as", "sky")["recorded"] == 1
    with Journal.open(skylark.ledger, skylark.home) as journal:
        order = journal.find("E-7")
        (issued,) = (e for e in journal.case(order).entries if e.kind == "order-issued")
        assert (issued.by, issued.speaks, issued.get("identifiers")) == ("ilves", "act", ["user-80417"])
        assert issued.sealed["summary_of_facts"] is Unread.WITHHELD, "nobody gave it to a provider"
        assert journal.case(order, reveal=False).entries[-1].sealed["identifiers"] is Unread.WITHHELD
    words = ("erase", "E-7", "--cause", "retention-ended", "--as", "registrar", "--yes")
    assert skylark.run(*words).exit_code == 0
    with Journal.open(skylark.ledger, skylark.home) as journal:
        issued = next(e for e in journal.case(order).entries if e.kind == "order-issued")
        assert issued.get("identifiers") is None
    assert (
        skylark.run(
            "verify", skylark.export("after.zip", "sky", "SP", *OTHER), "--trust", str(skylark.ledger)
        ).exit_code
        == 0
    )


def test_a_person_is_found_in_what_arrived_until_they_are_erased(skylark: Office, root: Path) -> None:
    skylark.does("receive", str(root / "order.zip"), "--as", "sky")
    search = ("subject", "find", "USER-80417", "--because", "request of 3 May", "--purpose", "rights-request")
    assert [item["reference"] for item in skylark.does(*search, "--as", "sky")["found"]] == ["E-7"]
    words = ("erase", "E-7", "--cause", "retention-ended", "--as", "registrar", "--yes")
    assert skylark.run(*words).exit_code == 0
    assert skylark.does(*search, "--as", "sky")["found"] == []


def test_the_same_file_twice_is_already_recorded(skylark: Office, root: Path) -> None:
    skylark.does("receive", str(root / "order.zip"), "--as", "sky")
    before = skylark.entries()
    again = skylark.does("receive", str(root / "order.zip"), "--as", "sky")
    assert (again["recorded"], again["already"]) == (0, 1)
    assert [entry["done"] for entry in again["entries"]] == ["already recorded"]
    assert skylark.entries() == before


def test_acknowledgements_end(karsk: Office, skylark: Office, root: Path) -> None:
    skylark.does("receive", str(root / "order.zip"), "--as", "sky")
    recorded = []
    for turn in range(4):
        sender, receiver = (skylark, karsk) if turn % 2 == 0 else (karsk, skylark)
        actors = ("sky", "ilves") if turn % 2 == 0 else ("ilves", "sky")
        file = sender.export(f"{turn}.zip", actors[0], "ISS" if turn % 2 == 0 else "SP")
        recorded.append(receiver.does("receive", file, "--as", actors[1])["recorded"])
    assert recorded == [1, 0, 0, 0]


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_what_became_of_a_file_is_said_in_every_format(
    form: str, karsk: Office, skylark: Office, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said(office: Office, file: str, actor: str) -> list[str]:
        text = office.run("receive", file, "--as", actor, "--format", form).stdout
        if form == "csv":
            return [row["done"] for row in csv.DictReader(io.StringIO(text))]
        return [json.loads(line)["done"] for line in text.splitlines()]

    assert said(skylark, str(root / "order.zip"), "sky") == ["recorded"]
    assert said(skylark, str(root / "order.zip"), "sky") == ["already recorded"]
    assert said(karsk, skylark.export("ours.zip", "sky", "ISS"), "ilves") == ["recorded"]
    # as if the bundle held acknowledgements alone
    monkeypatch.setattr("ledger.application.foreign.receive.wanted", lambda *_: [])
    assert said(skylark, str(root / "order.zip"), "sky") == ["nothing for us"]


def test_the_signers_next_entry_names_what_lay_before_them(skylark: Office, root: Path) -> None:
    skylark.does("receive", str(root / "order.zip"), "--as", "sky")
    skylark.does("record", "order-received", "E-7", "-f", "proof_kind=own-stamp", "--as", "sky")
    with Journal.open(skylark.ledger, skylark.home) as journal:
        wrapper, answer = (o.payload for _, o in journal.cases.opened(journal.find("E-7")))
    assert answer.other == wrapper.other
    assert wrapper.other
    assert wrapper.other.origin == "ledger.example/xo/karsk"


def test_one_entry_with_its_proof_needs_its_signer_in_our_register(karsk: Office, skylark: Office, root: Path) -> None:
    with Journal.open(karsk.ledger, karsk.home) as journal:
        index, raw = journal.store.order(journal.find("E-7"))[0]
        (root / "one.dsse.json").write_bytes(raw)
        (root / "one.tlog-proof").write_bytes(journal.log.receipt(index))
    words = ("receive", str(root / "one.dsse.json"), "--as", "sky")
    refused(skylark.run(*words), "KEY-UNKNOWN")
    kept = skylark.does(*words, "--anyway")
    assert kept["recorded"] == 1
    with Journal.open(skylark.ledger, skylark.home) as journal:
        order = next(iter(journal.orders()))
        kinds = [e.kind for e in journal.case(order).entries]
    assert kinds == ["counterparty-record-received"], "it counts for nothing"


# -- refused entries ---------------------------------------------------------------------------------------------------


def test_what_a_key_signed_that_our_register_calls_stolen_does_not_count(
    karsk: Office, skylark: Office, root: Path
) -> None:
    key = karsk.home.keys / "ilves"
    enrol = ("key", "enrol", "ilves", "--public", f"{key}.pub", "--role", "ISS", "--party", "XO", "--office", "Office")
    assert skylark.run(*enrol, "--unregistered").exit_code == 0
    assert skylark.run("key", "accept", "ilves", "--key", str(key)).exit_code == 0
    shutil.copytree(skylark.folder, root / "later")
    assert skylark.does("receive", str(root / "order.zip"), "--as", "sky")["recorded"] > 0
    later = Office(root, "later")
    stolen = ("record", "key-compromised", "-f", "actor=ilves", "-f", "suspected_since=2020-01-01T00:00:00Z")
    assert later.run(*stolen, "--as", "registrar").exit_code == 0
    refused(later.run("receive", str(root / "order.zip"), "--as", "sky"), "KEY-ENDED")


def test_a_log_whose_keys_nobody_pinned_is_not_believed(karsk: Office, root: Path) -> None:
    stranger = Office(root, "stranger").begun("XN", "other", "SP")
    refused(stranger.run("receive", str(root / "order.zip"), "--as", "other"), "NO_TRUST_ANCHOR")


def test_pinned_keys_that_were_exchanged_are_not_used(karsk: Office, skylark: Office, root: Path) -> None:
    (registrar,) = (skylark.ledger / "trust" / "others").glob("*/registrar")
    key = load(karsk.folder / "config" / "comity" / "keys" / "ilves").public.hex()
    registrar.write_text(f"registrar XO {key}\n")
    refused(skylark.run("receive", str(root / "order.zip"), "--as", "sky"), "TRUST", Exit.UNDECIDABLE)


def test_a_bundle_changed_on_the_way_is_refused_and_nothing_is_kept(skylark: Office, root: Path) -> None:
    data = (root / "order.zip").read_bytes()
    (root / "order.zip").write_bytes(data.replace(b"signatures", b"signaturez", 1))
    before = skylark.entries()
    refused(skylark.run("receive", str(root / "order.zip"), "--as", "sky"), "BND-ZIP")
    assert skylark.entries() == before
    assert not (skylark.ledger / "foreign").exists()


@pytest.mark.parametrize(("actor", "party"), [("sky", "XO"), ("other", "XV")])
def test_nobody_elsewhere_speaks_in_our_name(actor: str, party: str, skylark: Office, root: Path) -> None:
    impostor = Office(root, "impostor").begun("XO", "helper", "ISS")
    shutil.copy(impostor.home.keys / "helper", impostor.home.keys / actor)
    shutil.copy(impostor.home.keys / "helper.pub", impostor.home.keys / f"{actor}.pub")
    impostor.does("key", "new", f"{actor}2")
    public = str(impostor.home.keys / f"{actor}2.pub")
    words = (
        "key",
        "enrol",
        actor,
        "--public",
        public,
        "--role",
        "SP",
        "--party",
        party,
        "--office",
        "Office",
        "--unregistered",
    )
    assert impostor.run(*words).exit_code == 0
    key = str(impostor.home.keys / f"{actor}2")
    assert impostor.run("key", "accept", actor, "--key", key).exit_code == 0
    issue = ("issue", "--unregistered", "--instrument", "EPOC", "--to", "XV", "--reference", "E-7", "--role", "SP")
    impostor.does(*issue, "--as", actor, "--key", key)
    skylark.does("counterparty", "add", str(impostor.ledger))
    refused(skylark.run("receive", impostor.export("in-our-name.zip", "helper", "SP"), "--as", "sky"), "KEY-UNKNOWN")


def test_keys_of_another_log_that_are_pinned_already_are_not_recorded_again(karsk: Office, skylark: Office) -> None:
    before = karsk.entries()
    done = karsk.run("counterparty", "add", str(skylark.ledger))
    assert (done.exit_code, "is pinned already, by these very files" in done.stderr) == (0, True)
    assert karsk.entries() == before


def test_our_own_bundle_does_not_arrive(karsk: Office, root: Path) -> None:
    refused(karsk.run("receive", str(root / "order.zip"), "--as", "ilves"), "CTX-LOG")


def test_an_answer_under_another_instrument_does_not_fit_the_order(karsk: Office, skylark: Office, root: Path) -> None:
    skylark.does("issue", "--unregistered", "--instrument", "2AP-7", "--to", "XO", "--reference", "P-1", "--as", "sky")
    refused(skylark.run("receive", str(root / "order.zip"), "--order", "P-1", "--as", "sky"), "CTX-INSTRUMENT")


def test_what_is_neither_bundle_nor_entry_is_undecidable(skylark: Office, root: Path) -> None:
    assert skylark.run("receive", str(root / "order.json"), "--as", "sky").exit_code == Exit.UNDECIDABLE


def test_two_entries_at_one_place_of_a_log_are_an_exhibit(karsk: Office, skylark: Office, root: Path) -> None:
    shutil.copytree(karsk.folder, root / "before")
    first = json.loads(karsk.run(*WITHDRAW, "--json").stdout)
    skylark.does("receive", karsk.export("one.zip", "ilves", "SP"), "--as", "sky")
    shutil.rmtree(karsk.folder)
    shutil.copytree(root / "before", karsk.folder)
    karsk.does("record", "order-transmitted", "E-7", "-f", "addressee=sky", "-f", "channel=mail", "--as", "ilves")
    shutil.rmtree(skylark.ledger / "others")  # as if the heads had not been stored: the entries still show it
    done = skylark.run("receive", karsk.export("two.zip", "ilves", "SP"), "--as", "sky")
    refused(done, "SPLIT-VIEW", Exit.PROVED_BAD)
    (exhibit,) = skylark.evidence("omission.json")
    found = check_omission(exhibit.read_bytes(), read_folder(karsk.ledger).key)
    assert found.index == first["index"]
    assert len(skylark.evidence("dsse.json")) == 2
    again = skylark.run("verify", str(exhibit), "--trust", str(karsk.ledger / "trust"))
    assert again.exit_code == Exit.PROVED_BAD


def test_an_acknowledgement_of_what_we_do_not_have_is_a_mismatch(karsk: Office, skylark: Office, root: Path) -> None:
    shutil.copytree(karsk.folder, root / "before")
    karsk.does("record", "order-transmitted", "E-7", "-f", "addressee=sky", "-f", "channel=mail", "--as", "ilves")
    skylark.does("receive", karsk.export("more.zip", "ilves", "SP"), "--as", "sky")
    answer = skylark.export("answer.zip", "sky", "ISS")
    shutil.rmtree(karsk.folder)
    shutil.copytree(root / "before", karsk.folder)
    refused(karsk.run("receive", answer, "--as", "ilves"), "LOG-ROLLBACK", Exit.PROVED_BAD)
    assert len(karsk.evidence("note")) == 2
    karsk.does(*WITHDRAW)
    karsk.does("checkpoint")
    for _ in range(3):
        karsk.does("record", "order-transmitted", "E-7", "-f", "addressee=sky", "-f", "channel=mail", "--as", "ilves")
    refused(karsk.run("receive", answer, "--as", "ilves"), "LOG-FORKED", Exit.PROVED_BAD)
    assert karsk.evidence("split-view.json")


# -- entries that crossed ----------------------------------------------------------------------------------------------


def test_an_entry_sealed_for_us_is_stored_or_wrapped_if_others_wrote_first(karsk: Office, root: Path) -> None:
    with Journal.open(karsk.ledger, karsk.home) as journal:
        order = journal.find("E-7")
        link = journal.cases.opened(order)[-1][1]
        key = load(karsk.home.keys / "ilves")
        signer, now = journal.signer("ilves", "ISS", key), journal.now()
        place = EntryPlace(journal.origin, order, 2, link.leaf, "EPOC")
        facts = {
            name: build("order-transmitted", {"addressee": name, "channel": "mail"}, {}) for name in ("one", "two")
        }
        for n, (name, fact) in enumerate(facts.items()):
            raw = seal(fact, place, signer, Circumstances(now, now), f"{n:032x}", bytes).raw
            (root / f"{name}.json").write_bytes(raw)
    assert karsk.does("receive", str(root / "one.json"), "--as", "ilves")["kind"] == "order-transmitted"
    late = karsk.does("receive", str(root / "two.json"), "--as", "ilves")
    assert late["kind"] == "counterparty-record-received"
    assert karsk.does("receive", str(root / "two.json"), "--as", "ilves")["already"]
    with Journal.open(karsk.ledger, karsk.home) as journal:
        sent = [e.get("addressee") for e in journal.case(order).entries if e.kind == "order-transmitted"]
    assert sent == ["one", "two"]
    bundle = karsk.export("court.zip", "ilves", "CT")
    done = karsk.run("verify", bundle, "--trust", str(karsk.ledger))
    assert done.exit_code == 0, done.output


def test_the_proof_of_what_arrived_is_kept_beside_it(skylark: Office, root: Path) -> None:
    skylark.does("receive", str(root / "order.zip"), "--as", "sky")
    names = sorted(path.name for path in (skylark.ledger / "foreign").iterdir())
    assert len(names) == 2
    assert names[1] == names[0] + PROOF
    (listed,) = skylark.does("counterparty", "list")["counterparties"]
    assert (listed["log"], listed["size"] is not None) == ("ledger.example/xo/karsk", True)
    assert parse_vkey(read_folder(skylark.ledger).key.text).name == "ledger.example/xv/skylark"


def test_a_copy_holds_what_came_from_others_and_what_it_proves(skylark: Office, root: Path) -> None:
    skylark.does("receive", str(root / "order.zip"), "--as", "sky")
    (skylark.ledger / "evidence").mkdir()
    (skylark.ledger / "evidence" / "a.note").write_bytes(b"x")
    skylark.does("backup", str(skylark.ledger), "-o", str(root / "copy.tar"))
    skylark.does("restore", str(root / "copy.tar"), str(root / "again"))
    for name in ("foreign", "evidence", "others", "registers", "trust/others"):
        there, here = (
            sorted(p.relative_to(f).as_posix() for p in (f / name).rglob("*") if p.suffix not in (".db-wal", ".db-shm"))
            for f in (skylark.ledger, root / "again")
        )
        assert here == there
        assert here
    again = skylark.run("counterparty", "list", "--json", "--ledger", str(root / "again"))
    assert json.loads(again.stdout)["counterparties"][0]["size"] is not None


def test_kept_bytes_that_were_changed_are_found_and_lost_ones_are_told_of(skylark: Office, root: Path) -> None:
    skylark.does("receive", str(root / "order.zip"), "--as", "sky")
    (raw,) = (path for path in (skylark.ledger / "foreign").iterdir() if not path.suffix)
    whole = raw.read_bytes()
    raw.write_bytes(whole[:-1] + b" ")
    found = json.loads(skylark.run("fsck", "--json").stdout)
    assert [reason["code"] for reason in found["reasons"]] == ["ENT-MISMATCH"]
    raw.unlink()
    done = skylark.run("fsck")
    assert (done.exit_code, "not in foreign/" in done.output) == (0, True)
    raw.write_bytes(whole)
    assert skylark.run("fsck").exit_code == 0


def test_what_a_bundle_showed_and_what_a_log_publishes_are_held_against_each_other(
    karsk: Office, skylark: Office, root: Path
) -> None:
    shutil.copytree(karsk.folder, root / "before")
    skylark.does("receive", str(root / "order.zip"), "--as", "sky")
    words = ("monitor", str(karsk.ledger / "log"))
    assert skylark.run(*words).exit_code == 0
    shutil.rmtree(karsk.folder)
    shutil.copytree(root / "before", karsk.folder)
    karsk.does(*WITHDRAW)
    karsk.does("record", "order-transmitted", "E-7", "-f", "addressee=sky", "-f", "channel=mail", "--as", "ilves")
    assert skylark.run(*words).exit_code == 0, "it only grew"
    (seen,) = skylark.does("counterparty", "list")["counterparties"]
    shutil.rmtree(karsk.folder)
    shutil.copytree(root / "before", karsk.folder)
    for _ in range(4):
        karsk.does("record", "order-transmitted", "E-7", "-f", "addressee=sky", "-f", "channel=mail", "--as", "ilves")
    assert karsk.entries() >= seen["size"]
    refused(skylark.run(*words), "SPLIT-VIEW", Exit.PROVED_BAD)
    assert skylark.evidence("split-view.json")


# -- two histories of one log ------------------------------------------------------------------------------------------


@pytest.fixture
def histories(skylark: Office, root: Path) -> tuple[Path, Ledger, tuple[int, int]]:
    """Make `one.zip` and `two.zip` of a log with two histories of one order; skylark has pinned the log's keys."""
    ledger, ilves, places = two_histories(origin="ledger.test/xo/forked")
    keeper, trust = ledger.keeper, root / "forked-trust"
    trust.mkdir()
    (trust / "policy").write_bytes(ledger.policy())
    (trust / "registrar").write_text(f"{keeper.actor} {keeper.party} {keeper.key}\n")
    skylark.does("counterparty", "add", str(trust))
    for name, hidden in zip(("one.zip", "two.zip"), places, strict=True):
        (root / name).write_bytes(left_out(ledger, ilves, hidden))
    return root, ledger, places


def test_a_second_history_of_an_order_is_refused_and_the_exhibit_kept(
    histories: tuple[Path, Ledger, tuple[int, int]], skylark: Office
) -> None:
    post, ledger, places = histories
    skylark.does("receive", str(post / "one.zip"), "--as", "sky")
    before = skylark.entries()
    refused(skylark.run("receive", str(post / "two.zip"), "--as", "sky"), "SPLIT-ORDER", Exit.PROVED_BAD)
    assert skylark.entries() == before
    (exhibit,) = skylark.evidence("split-order.json")
    found = check_order(exhibit.read_bytes(), ledger.trust().policy.logs)
    assert (found.code, found.places) == ("SPLIT-ORDER", places)
    assert skylark.does("receive", str(post / "one.zip"), "--as", "sky")["recorded"] == 0, "what was there before stays"


def test_one_entry_of_a_second_history_is_refused_too(
    histories: tuple[Path, Ledger, tuple[int, int]], skylark: Office
) -> None:
    post, ledger, (one, _) = histories
    skylark.does("receive", str(post / "one.zip"), "--as", "sky")
    (post / "3.dsse.json").write_bytes(ledger.entries[one])
    proof = format_proof(one, prove_inclusion(one, ledger.size, ledger.read), ledger.checkpoint())
    (post / "3.tlog-proof").write_bytes(proof)
    done = skylark.run("receive", str(post / "3.dsse.json"), "--as", "sky", "--anyway")
    refused(done, "SPLIT-ORDER", Exit.PROVED_BAD)
    assert len(skylark.evidence("split-order.json")) == 1


def test_two_trees_of_one_size_in_one_bundle_are_an_exhibit_and_nothing_is_kept(
    histories: tuple[Path, Ledger, tuple[int, int]], skylark: Office
) -> None:
    post, ledger, (_, two) = histories
    fork = ledger.checkpoint(ledger.size, root=bytes(32))
    whole = ledger.contents()
    whole = replace(whole, entries=[entry for entry in whole.entries if entry[0] != two])
    (post / "both.zip").write_bytes(pack(replace(whole, heads={note_digest(fork): fork}), hand("ilves").signer("ISS")))
    before = skylark.entries()
    refused(skylark.run("receive", str(post / "both.zip"), "--as", "sky", "--anyway"), "SPLIT-VIEW", Exit.PROVED_BAD)
    assert skylark.entries() == before
    (exhibit,) = skylark.evidence("split-view.json")
    (key,) = ledger.trust().policy.logs
    split = check_split(exhibit.read_bytes(), key)
    assert {split.one.root, split.two.root} == {bytes(32), root_of(ledger.size, ledger.read)}
    assert (split.one.size, split.two.size) == (ledger.size, ledger.size)


def test_an_order_that_ends_before_what_was_received_of_it_is_refused(
    histories: tuple[Path, Ledger, tuple[int, int]], skylark: Office
) -> None:
    post, ledger, places = histories
    skylark.does("receive", str(post / "one.zip"), "--as", "sky")
    (post / "cut.zip").write_bytes(left_out(ledger, hand("ilves"), *places))
    refused(skylark.run("receive", str(post / "cut.zip"), "--as", "sky"), "CMP-CUT")


@pytest.mark.parametrize("ending", ["", ".tlog-proof"])
def test_what_was_received_earlier_and_lost_since_is_left_out_of_the_comparison(
    histories: tuple[Path, Ledger, tuple[int, int]], skylark: Office, ending: str
) -> None:
    post, ledger, places = histories
    skylark.does("receive", str(post / "one.zip"), "--as", "sky")
    for path in (skylark.ledger / "foreign").iterdir():
        if path.suffix == ending:
            path.unlink()
    (post / "cut.zip").write_bytes(left_out(ledger, hand("ilves"), *places))
    assert "CMP-CUT" not in skylark.run("receive", str(post / "cut.zip"), "--as", "sky").output


def test_an_older_bundle_of_the_same_log_is_no_cut(
    histories: tuple[Path, Ledger, tuple[int, int]], skylark: Office
) -> None:
    post, ledger, (one, _) = histories
    skylark.does("receive", str(post / "one.zip"), "--as", "sky")
    (post / "older.zip").write_bytes(ledger.bundle(hand("ilves"), note=ledger.checkpoint(one)))
    again = skylark.does("receive", str(post / "older.zip"), "--as", "sky")
    assert (again["recorded"], again["already"]) == (0, 2)


# -- the receiving office and the order's id ---------------------------------------------------------------------------


def test_an_arrived_entry_is_not_recorded_by_hand(skylark: Office, root: Path) -> None:
    skylark.does("receive", str(root / "order.zip"), "--as", "sky")
    before = skylark.entries()
    place = {"origin": "ledger.example/x", "index": 1, "leaf": "ab" * 32, "envelope": "cd" * 32}
    fields = [word for name, value in place.items() for word in ("-f", f"{name}={value}")]
    words = ("record", "counterparty-record-received", "E-7", *fields, "-f", "proof_check=verifies", "--as", "sky")
    refused(skylark.run(*words), "COMMAND-ONLY")
    assert skylark.entries() == before


def test_an_id_that_somebody_took_does_not_keep_an_entry_out(karsk: Office, skylark: Office, root: Path) -> None:
    skylark.does("receive", str(root / "order.zip"), "--as", "sky")
    karsk.does("record", "order-closed", "E-7", "-f", "outcome=answered", "--as", "ilves")
    data = unpack(Path(karsk.export("closed.zip", "ilves", "SP")).read_bytes())
    (last,) = (p for p, raw in data.items() if p.endswith(".dsse.json") and b"entries" in p.encode() and _closes(raw))
    taken = wrapper_id("ledger.example/xo/karsk", int(Path(last).name.partition(".")[0]))
    skylark.does("record", "order-received", "E-7", "-f", "proof_kind=own-stamp", "--id", taken, "--as", "sky")
    answer = skylark.does("receive", str(root / "closed.zip"), "--as", "sky")
    assert "order-closed" in [row["kind"] for row in answer["entries"] if row["done"] == "recorded"]
    again = skylark.does("receive", str(root / "closed.zip"), "--as", "sky")
    assert again["recorded"] == 0
    with Journal.open(skylark.ledger, skylark.home) as journal:
        assert any(e.kind == "order-closed" and e.received for e in journal.case(journal.find("E-7")).entries)


def _opened(raw: bytes) -> Payload | None:
    try:
        return open_(raw, verify=False).payload
    except RecordError:
        return None


def _closes(raw: bytes) -> bool:
    opened = _opened(raw)
    return opened is not None and opened.kind == "order-closed"


def _order_of(raw: bytes) -> str:
    opened = _opened(raw)
    return opened.order if opened is not None else ""


def test_the_register_of_another_log_is_kept_and_travels_with_its_entries(skylark: Office, root: Path) -> None:
    skylark.does("receive", str(root / "order.zip"), "--as", "sky")
    files = unpack(Path(skylark.export("ours.zip", "sky", "COURT")).read_bytes())
    register = registry_of("ledger.example/xo/karsk")
    sent = [raw for path, raw in unpack((root / "order.zip").read_bytes()).items() if path.endswith(".dsse.json")]
    theirs = {raw for raw in sent if b'"payloadType"' in raw and _order_of(raw) == register}
    assert {raw for path, raw in files.items() if path.startswith("others/") and path.endswith(".json")} == theirs
    assert theirs
    done = skylark.run("verify", str(root / "ours.zip"), "--trust", str(skylark.ledger / "trust"), "--json")
    report = json.loads(done.stdout)
    assert report["verdict"] == "TOTAL-PASSED"
    assert "ENT-UNPROVEN" not in [p["code"] for p in report["procedure"]]


def test_a_register_that_ends_before_a_revocation_received_earlier_is_refused(
    histories: tuple[Path, Ledger, tuple[int, int]], skylark: Office
) -> None:
    post, ledger, (one, _) = histories
    orn = ledger.enrol("orn", "XO", "ISS")
    revoked = ledger.record(ledger.keeper, "key-revoked", {"actor": "ilves", "cause": "compromised"})
    (post / "orn.zip").write_bytes(pack(without(ledger, one), orn.signer("ISS")))
    (post / "cut.zip").write_bytes(left_out(ledger, hand("ilves"), one, revoked))
    skylark.does("receive", str(post / "orn.zip"), "--as", "sky")
    refused(skylark.run("receive", str(post / "cut.zip"), "--as", "sky"), "CMP-CUT")


def test_a_theft_that_was_reported_behind_the_head_of_what_arrives_is_known_here(
    histories: tuple[Path, Ledger, tuple[int, int]], skylark: Office
) -> None:
    post, ledger, (one, _) = histories
    (post / "older.zip").write_bytes(ledger.bundle(hand("ilves"), note=ledger.checkpoint(one)))
    orn = ledger.enrol("orn", "XO", "ISS")
    since = {"actor": "ilves", "suspected_since": "2027-03-01T00:00:00Z"}
    ledger.record(ledger.keeper, "key-compromised", since)
    (post / "orn.zip").write_bytes(pack(without(ledger, one), orn.signer("ISS")))
    done = skylark.run("receive", str(post / "orn.zip"), "--as", "sky", "--anyway")
    assert "KEY-SUSPECT" in done.output
    refused(skylark.run("receive", str(post / "older.zip"), "--as", "sky"), "KEY-SUSPECT")


def without(ledger: Ledger, *indexes: int) -> Contents:
    whole = ledger.contents()
    return replace(whole, entries=[e for e in whole.entries if e[0] not in indexes])
