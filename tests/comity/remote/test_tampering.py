"""A server that alters, drops, reorders or invents is found by its client before anything is returned."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("httpx", reason="needs the extra `server`")
pytest.importorskip("starlette", reason="needs the extra `server`")
pytest.importorskip("http_message_signatures", reason="needs the extra `server`")

from comity.remote.ledger import RemoteLedger
from ledger.adapters.keys.key_files import SeedKey, load
from ledger.entries.split_view import check_split
from ledger.errors import LedgerError, RecordError
from ledger.formats.canonical_json import canonical
from ledger.formats.dsse import EVENT_TYPE, seal_bytes
from ledger.tlog.note import Checkpoint, format_checkpoint, sign_note
from ledger.tlog.tree import leaf_hash
from tests.server.office import Office, serving, serving_story
from tests.support.cli import reply, run

Change = Callable[[Any], object]  # of the JSON of an answer, in place
Lie = tuple[str, Change]  # the code with which the client refuses the changed answer
FOUND = "API-FALSE|PRF-|SIG-BAD|CTX-|ENV-|JSON-|CP-|KEY-|MAP-"
OTHER = SeedKey(b"\x09" * 32)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Serve a ledger that has committed the heads of its orders."""
    folder = tmp_path_factory.mktemp("S2")
    with serving_story("S2", folder):
        pass
    ledger = folder / "ledger"
    assert run("log", "commit", "--enrol", ledger=ledger).exit_code == 0
    with serving(ledger) as served:
        yield served


@pytest.fixture(scope="module")
def writable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Serve another ledger of the same order, for what a dishonest server does record."""
    with serving_story("S2", tmp_path_factory.mktemp("writable")) as served:
        yield served


@pytest.fixture(scope="module")
def order(office: Office) -> str:
    return str(reply("orders", ledger=office.ledger)["orders"][0]["order"])


@contextmanager
def dishonest(ledger: RemoteLedger, where: str, change: Change) -> Iterator[None]:
    """Change the answers of the server at addresses that end so."""
    send = ledger._connection._send

    def changed(method: str, path: str, sent: Any) -> tuple[int, str, bytes]:
        status, media, content = send(method, path, sent)
        if path.endswith(where) and status == 200:
            document = json.loads(content)
            change(document)
            content = json.dumps(document).encode()
        return status, media, content

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger._connection, "_send", changed)
        yield


def flip(text: str, at: int) -> str:
    return text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]


def of_another(line: str, **other: Any) -> str:
    """Return an entry with other members, signed by a key that its maker has."""
    import base64

    payload = json.loads(base64.b64decode(json.loads(line)["payload"])) | other
    return seal_bytes(canonical(payload), EVENT_TYPE, OTHER.public, OTHER.sign).decode()


def invent(d: Any) -> None:
    """Add an entry behind the last one, signed by a key that is not registered."""
    last = d["entries"][-1]
    line = of_another(
        last["entry"],
        entry="f" * 32,
        seq=len(d["entries"]) + 1,
        prev=last["leaf"],
        signer={"key": OTHER.public.hex(), "actor": "harbor", "role": "SP", "party": "XV"},
    )
    index = last["index"] + 1
    d["entries"].append({"index": index, "leaf": leaf_hash(line.encode()).hex(), "path": last["path"], "entry": line})


def swap(entries: list[Any]) -> None:
    entries[1], entries[2] = entries[2], entries[1]


def exchange_lines(entries: list[Any]) -> None:
    """Show two entries at each other's place."""
    entries[1]["entry"], entries[2]["entry"] = entries[2]["entry"], entries[1]["entry"]


OF_AN_ORDER: dict[str, Lie] = {
    "alters a line": ("JSON-|ENV-|SIG-BAD", lambda d: d["entries"][2].update(entry=flip(d["entries"][2]["entry"], 60))),
    "alters a leaf": ("API-FALSE", lambda d: d["entries"][2].update(leaf="0" * 64)),
    "alters an index": ("PRF-PATH", lambda d: d["entries"][2].update(index=d["entries"][2]["index"] + 1)),
    "alters a path": ("PRF-PATH", lambda d: d["entries"][2]["path"].pop()),
    "alters a signature": ("SIG-BAD", lambda d: d["entries"][2].update(entry=flip(d["entries"][2]["entry"], -20))),
    "drops the first entry": ("CTX-CHAIN", lambda d: d["entries"].pop(0)),
    "drops an entry in the middle": ("CTX-CHAIN", lambda d: d["entries"].pop(3)),
    "drops the last entry": ("API-FALSE", lambda d: d["entries"].pop()),
    "drops all entries": ("API-FALSE", lambda d: d["entries"].clear()),
    "hides a line": ("API-FALSE", lambda d: d["entries"][3].update(entry=None)),
    "reorders": ("API-FALSE", lambda d: swap(d["entries"])),
    "exchanges two lines": ("API-FALSE", lambda d: exchange_lines(d["entries"])),
    "repeats an entry": ("API-FALSE", lambda d: d["entries"].insert(2, d["entries"][1])),
    "invents an entry": ("PRF-PATH", invent),
    "signs the head with another key": ("CP-SIG", lambda d: d["head"].update(
        note=sign_note(d["head"]["note"].partition("\n\n")[0] + "\n", "story.example/s2", b"\x09" * 32)
    )),
    "states another size": ("API-FALSE", lambda d: d["head"].update(size=d["head"]["size"] + 1)),
    "alters the proof of the map": (
        "MAP-PATH", lambda d: d["committed"].update(proof=flip(d["committed"]["proof"], 30))
    ),
    "leaves out the head": ("API-FALSE", lambda d: d.pop("head")),
}  # fmt: skip


@pytest.mark.parametrize("how", OF_AN_ORDER)
def test_a_server_that_lies_about_the_entries_of_an_order_is_found(
    office: Office, order: str, how: str, tmp_path: Path
) -> None:
    code, change = OF_AN_ORDER[how]
    with office.connect("ilves", tmp_path) as ledger, dishonest(ledger, "/entries", change):
        told = ledger.order(order)
        with pytest.raises(RecordError, match=code):
            told.judge()


OF_A_STATEMENT: dict[str, Change] = {
    "state": lambda d: d["says"]["order"].update(state="WITHDRAWN"),
    "a finding less": lambda d: d["says"]["findings"].pop(),
    "a deadline less": lambda d: d["says"]["deadlines"].pop(),
    "a sentence": lambda d: d["says"]["timeline"][0].update(says="Nothing happened."),
    "another order": lambda d: d["says"]["order"].update(order="11111111-2222-4333-8444-555555555555"),
    "another moment": lambda d: d.update(as_of="2027-03-08T13:30:00Z"),
}


@pytest.mark.parametrize("what", OF_A_STATEMENT)
def test_what_a_server_says_of_an_order_follows_from_its_entries(
    office: Office, order: str, what: str, tmp_path: Path
) -> None:
    with (
        office.connect("ilves", tmp_path) as ledger,
        dishonest(ledger, order, OF_A_STATEMENT[what]),
        pytest.raises(RecordError, match="API-FALSE"),
    ):
        ledger.order(order)


OF_THE_LOG: dict[str, Lie] = {
    "drops an entry": ("API-FALSE", lambda d: d["entries"].pop(4)),
    "exchanges two lines": ("API-FALSE", lambda d: exchange_lines(d["entries"])),
    "reorders": ("API-FALSE", lambda d: swap(d["entries"])),
    "ends early": ("API-FALSE", lambda d: (d["entries"].clear(), d.update(next=0))),
    "hides an entry under another leaf": ("PRF-PATH", lambda d: d["entries"][4].update(entry=None, leaf="0" * 64)),
}


@pytest.mark.parametrize("how", OF_THE_LOG)
def test_a_server_that_lies_about_the_log_is_found(office: Office, how: str, tmp_path: Path) -> None:
    code, change = OF_THE_LOG[how]
    with (
        office.connect("ilves", tmp_path) as ledger,
        dishonest(ledger, "/v1/entries", change),
        pytest.raises(RecordError, match=code),
    ):
        list(ledger.entries())


OF_THE_REGISTER: dict[str, Lie] = {
    "drops the last entry": ("KEY-UNKNOWN", lambda d: d["entries"].pop()),
    "drops an entry": ("CTX-CHAIN", lambda d: d["entries"].pop(2)),
    "reorders": ("API-FALSE", lambda d: swap(d["entries"])),
    "shows nothing": ("KEY-UNKNOWN", lambda d: d["entries"].clear()),
    "invents a key": ("PRF-PATH", invent),
}


@pytest.mark.parametrize("how", OF_THE_REGISTER)
def test_a_server_that_lies_about_the_register_is_found(office: Office, order: str, how: str, tmp_path: Path) -> None:
    code, change = OF_THE_REGISTER[how]
    with (
        office.connect("ilves", tmp_path) as ledger,
        dishonest(ledger, "/v1/register", change),
        pytest.raises(RecordError, match=code),
    ):
        ledger.order(order)


OF_A_LIST: dict[str, Lie] = {
    "lists an order twice": ("API-FALSE", lambda d: d["orders"].append(d["orders"][0])),
    "another newest entry": ("PRF-PATH", lambda d: d["orders"][0]["newest"].update(leaf="0" * 64)),
    "goes round": ("API-FALSE", lambda d: d.update(next=0)),
    "an order that is none": (
        "API-FALSE",
        lambda d: d["orders"][0]["order"].update(order="11111111-2222-4333-8444-555555555555"),
    ),
}


@pytest.mark.parametrize("how", OF_A_LIST)
def test_a_server_that_lies_about_the_list_of_orders_is_found(office: Office, how: str, tmp_path: Path) -> None:
    code, change = OF_A_LIST[how]
    with (
        office.connect("ilves", tmp_path) as ledger,
        dishonest(ledger, "/v1/orders", change),
        pytest.raises(RecordError, match=code),
    ):
        list(ledger.orders())


def test_an_end_that_is_cut_off_before_the_ledger_committed_to_it_is_found_by_who_never_asked_before(
    office: Office, order: str, tmp_path: Path
) -> None:
    with office.connect("ilves", tmp_path / "first") as ledger:
        assert ledger.proven(order) > 0
    with (
        office.connect("ilves", tmp_path / "second") as ledger,
        dishonest(ledger, "/entries", lambda d: d["entries"].pop()),
        pytest.raises(RecordError, match="MAP-HEAD"),
    ):
        ledger.proven(order)


def test_an_end_that_is_cut_off_is_found_by_who_verified_it_before(office: Office, order: str, tmp_path: Path) -> None:
    def cut(d: Any) -> None:
        d["entries"].pop()
        d["committed"] = None

    with office.connect("ilves", tmp_path) as ledger:
        ledger.proven(order)
    with (
        office.connect("ilves", tmp_path) as ledger,
        dishonest(ledger, "/entries", cut),
        pytest.raises(RecordError, match="API-FALSE"),
    ):
        ledger.proven(order)


def signed(office: Office, checkpoint: Checkpoint) -> str:
    """Return a head that the log signs, with the key of the log."""
    (key,) = (office.ledger / "state").rglob("log.key")
    return sign_note(format_checkpoint(checkpoint), checkpoint.origin, seed(key))


def seed(path: Path) -> bytes:
    key = load(path)
    assert isinstance(key, SeedKey)
    return key.seed


def test_a_second_tree_of_one_size_is_an_exhibit_that_anybody_can_check(office: Office, tmp_path: Path) -> None:
    with office.connect("ilves", tmp_path) as ledger:
        size = ledger.size()
        forged = signed(office, Checkpoint(ledger.origin, size, b"\x01" * 32))
        with (
            dishonest(ledger, "/v1/head", lambda d: d["head"].update(note=forged)),
            pytest.raises(RecordError, match="SPLIT-VIEW") as found,
        ):
            ledger.size()
        log = ledger._verifier._trust.policy.logs[0]
    exhibit = Path(found.value.where).read_bytes()
    assert check_split(exhibit, log).sizes == (size, size)


@pytest.mark.parametrize(("change", "code"), [(-1, "LOG-ROLLBACK"), (1, "API-|CP-CONSISTENCY")])
def test_a_head_that_does_not_continue_the_verified_one_is_kept(
    office: Office, change: int, code: str, tmp_path: Path
) -> None:
    with office.connect("ilves", tmp_path) as ledger:
        size = ledger.size()
        forged = signed(office, Checkpoint(ledger.origin, size + change, b"\x01" * 32))
    with (
        office.connect("ilves", tmp_path) as ledger,
        dishonest(ledger, "/v1/head", lambda d: d["head"].update(note=forged, size=size + change)),
        dishonest(ledger, "/v1/consistency", lambda d: d.update(path=[])),
        pytest.raises((RecordError, LedgerError), match=code),
    ):
        ledger.size()
    with office.connect("ilves", tmp_path) as ledger:
        assert ledger.size() == size, "what was refused is not remembered"
    if change < 0:
        (kept,) = tmp_path.rglob("*.contradiction.json")
        assert json.loads(kept.read_bytes())["shown"] == forged


OF_A_RECEIPT: dict[str, Change] = {
    "of another entry": lambda d: d["receipts"][0].update(leaf="0" * 64),
    "of another index": lambda d: d["receipts"][0].update(index=0),
    "of another order": lambda d: d["receipts"][0].update(order="11111111-2222-4333-8444-555555555555"),
    "of another number": lambda d: d["receipts"][0].update(seq=1),
    "without one": lambda d: d["receipts"].clear(),
    "with a path that leads elsewhere": lambda d: d["receipts"][0].update(
        proof=d["receipts"][0]["proof"].replace("\n", f"\n{'A' * 43}=\n", 2)
    ),
    "under a head that nobody signed": lambda d: d["receipts"][0].update(
        proof=d["receipts"][0]["proof"][:-20] + "A" * 18 + "=\n"
    ),
}  # fmt: skip


@pytest.mark.parametrize("how", OF_A_RECEIPT)
def test_a_false_receipt_is_found_before_record_returns(writable: Office, order: str, how: str, tmp_path: Path) -> None:
    change = OF_A_RECEIPT[how]
    with (
        writable.connect("ilves", tmp_path) as ledger,
        dishonest(ledger, "/v1/entries", lambda d: change(d) if "receipts" in d else None),
        pytest.raises(RecordError, match=FOUND),
    ):
        ledger.record("order-transmitted", {"addressee": "harbor", "channel": "mail"}, order)


def test_a_place_that_is_not_behind_the_newest_entry_is_found_before_anything_is_signed(
    writable: Office, order: str, tmp_path: Path
) -> None:
    for change in (
        lambda d: d.update(seq=d["seq"] + 1),
        lambda d: d.update(prev="0" * 64),
        lambda d: d.update(instrument="VOL"),
        lambda d: d["newest"].update(leaf="0" * 64),
    ):
        with (
            writable.connect("ilves", tmp_path) as ledger,
            dishonest(ledger, "/place", change),
            pytest.raises(RecordError, match=FOUND),
        ):
            ledger.record("order-transmitted", {"addressee": "harbor", "channel": "mail"}, order)
