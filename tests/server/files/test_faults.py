"""Whatever ends in the middle is finished by the same request again; what is erased is not found anywhere."""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Iterator
from contextlib import closing, nullcontext, suppress
from hashlib import sha256
from pathlib import Path
from secrets import token_bytes
from threading import Event, Thread
from typing import Any

import pytest

pytest.importorskip("starlette", reason="needs the extra `server`")

from ledger.adapters.folders.ledger_folder import read_folder
from ledger.adapters.subject_keys.key_store import SubjectKeyStore
from ledger.errors import LedgerError, RecordError
from server.access import Caller
from server.files import erasure, places
from server.files import keeping as keeping_module
from server.files.checking import StoreCheck
from server.files.pieces import PIECE, seal_piece
from tests.server.files.office import Keeping, keeping
from tests.server.office import Office
from tests.support.cli import run

LARGE = token_bytes(PIECE + 77)
ERASE = ("erase", "--cause", "erasure-granted", "--as", "ilves", "--yes")


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Keeping]:
    with keeping(tmp_path) as served:
        yield served


def checked(office: Office, *args: str) -> dict[str, Any]:
    result = run("files", "check", *args, "--json", ledger=office.ledger)
    assert result.exit_code in (0, 1), result.output
    return dict(json.loads(result.stdout))


def files_of(own: Keeping) -> Any:
    assert own.office.running.files is not None
    return own.office.running.files.keeping


def test_an_upload_goes_on_where_it_was_in_another_process(own: Keeping, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping_module, "CAUGHT_UP", 1)
    order = own.order()
    leaf = own.arrived(order, LARGE)
    name = own.offer("ilves", order, LARGE).json["object"]
    assert own.piece("ilves", order, name, 0, LARGE[:PIECE]).json["received"] == 1
    files_of(own)._progress.clear()  # another process has computed no digest so far
    again = own.offer("ilves", order, LARGE).json
    assert (again["object"], again["received"], again["kept"]) == (name, 1, False)
    assert own.piece("ilves", order, name, 0, token_bytes(PIECE)).json["received"] == 1, "it is here already"
    last = own.piece("ilves", order, name, 1, LARGE[PIECE:]).json
    assert (last["received"], last["kept"]) == (2, False), "one piece is read again by each request"
    own.files("ilves").send(order, own.path(LARGE))
    assert own.fetch(order, leaf) == {"0.zip": LARGE}


def test_a_piece_that_was_stored_and_not_counted_is_sent_again(own: Keeping) -> None:
    order = own.order()
    leaf = own.arrived(order, LARGE)
    name = own.offer("ilves", order, LARGE).json["object"]
    files_of(own)._place.write(name, 0, token_bytes(500))  # the process ended before it was counted
    assert own.send("ilves", order, LARGE).json["kept"] is True
    assert own.fetch(order, leaf) == {"0.zip": LARGE}


def test_a_full_disk_keeps_nothing_of_a_piece_and_the_next_time_goes_on(
    own: Keeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = own.order()
    own.arrived(order, LARGE)
    name = own.offer("ilves", order, LARGE).json["object"]

    def full(*args: object, **more: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(places, "replace_file", full)
        refused = own.piece("ilves", order, name, 0, LARGE[:PIECE])
        assert (refused.status, refused.code) == (507, "FILES-FULL")
    assert own.send("ilves", order, LARGE).json["kept"] is True


def test_an_upload_goes_on_from_the_first_piece_that_a_power_cut_took(own: Keeping) -> None:
    order = own.order()
    leaf = own.arrived(order, LARGE)
    name = own.offer("ilves", order, LARGE).json["object"]
    assert own.piece("ilves", order, name, 0, LARGE[:PIECE]).json["received"] == 1
    files_of(own)._progress.clear()  # the next process of the server knows nothing of it
    (piece,) = own.stored()
    piece.write_bytes(bytes(100))
    after = own.piece("ilves", order, name, 1, LARGE[PIECE:]).json
    assert (after["received"], after["kept"]) == (0, False)
    assert own.send("ilves", order, LARGE).json["kept"] is True
    assert own.fetch(order, leaf) == {"0.zip": LARGE}


@pytest.mark.parametrize("has_locks", [True, False])
@pytest.mark.parametrize("whole", [True, False])
def test_a_file_that_counts_as_kept_is_the_one_that_was_compared_whatever_another_server_writes(
    own: Keeping, monkeypatch: pytest.MonkeyPatch, has_locks: bool, whole: bool
) -> None:
    order = own.order()
    own.arrived(order, LARGE)
    name = own.offer("ilves", order, LARGE).json["object"]
    files = files_of(own)
    there = keeping_module.Keeping(files.record, files.links, files._place, files._settings, files._access)
    caller = Caller("", "ilves", "XO", frozenset(("ISS",)))
    write, parts = files._place.write, (LARGE[:PIECE], LARGE[PIECE:])
    begun, others = Event(), token_bytes(PIECE)

    def sends() -> None:
        begun.wait(10)
        with suppress(RecordError):
            for number, part in enumerate(parts if whole else parts[:1]):
                files.put(caller, order, name, number, part)

    def written(*args: Any) -> None:
        if args[2] == sealed[0]:
            begun.set()
            sending.join(0.5)  # with locks it waits for this write
        write(*args)

    def sealing(*args: Any) -> bytes:
        made = seal_piece(*args)
        if args[4] == others:
            sealed.append(made)
        return made

    sealed: list[bytes] = []
    sending = Thread(target=sends)
    monkeypatch.setattr(keeping_module, "seal_piece", sealing)
    monkeypatch.setattr(files._place, "write", written)
    if not has_locks:
        monkeypatch.setattr(files._place, "alone", lambda _: nullcontext())
    sending.start()
    with suppress(RecordError):
        there.put(caller, order, name, 0, others)
    sending.join()
    with suppress(RecordError):
        files.put(caller, order, name, 1, parts[1])
    link = files.links.of(name)
    assert link is None or not link.kept or b"".join(files.pieces(link, files.known(link))) == LARGE
    assert link is None, "what is not the stated file is deleted"
    assert own.send("ilves", order, LARGE).json["kept"] is True


def test_a_file_counts_as_kept_when_all_of_its_pieces_are_settled(
    own: Keeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = own.order()
    own.arrived(order, LARGE)
    settled: list[int] = []

    def fails(_: object, name: str, numbers: range) -> None:
        settled.extend(numbers)
        raise LedgerError("FILES-PLACE", "the folder for files fails")

    with monkeypatch.context() as patch:
        patch.setattr(places.FolderPlace, "settle", fails)
        assert own.send("ilves", order, LARGE).code == "FILES-PLACE"
    assert settled == [0, 1]
    state = own.offer("ilves", order, LARGE).json
    assert (state["received"], state["kept"]) == (2, True), "it was settled, compared and kept when it was asked for"


def test_a_piece_that_is_damaged_after_it_was_settled_is_an_error(own: Keeping) -> None:
    order = own.order()
    own.arrived(order, LARGE)
    name = own.offer("ilves", order, LARGE).json["object"]
    own.piece("ilves", order, name, 0, LARGE[:PIECE])
    progress = files_of(own)._of(name)
    progress.hash, progress.pieces, progress.settled = sha256(), 0, 1
    own.stored()[0].write_bytes(bytes(100))
    assert own.piece("ilves", order, name, 1, LARGE[PIECE:]).code == "FILES-DAMAGED"


def test_the_quota_and_the_largest_file_are_kept(tmp_path: Path) -> None:
    gib = 1 << 30
    with keeping(tmp_path, quota_gib=2 * PIECE / gib, largest_gib=(PIECE + 100) / gib) as own:
        order, other = own.order(), token_bytes(50)
        own.arrived(order, LARGE, other, token_bytes(1), token_bytes(PIECE + 101))
        assert own.send("ilves", order, LARGE).json["kept"] is True
        assert own.offer("ilves", order, other).code == "FILES-FULL"
        too_large = token_bytes(PIECE + 101)
        own.arrived(order, too_large)
        assert own.offer("ilves", order, too_large).code == "API-LARGE"


def test_an_office_begins_a_limited_number_of_uploads(own: Keeping, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping_module, "MOST_UNFINISHED", 1)
    order, one, two = own.order(), token_bytes(20), token_bytes(20)
    own.arrived(order, one, two)
    assert own.offer("ilves", order, one).status == own.offer("ilves", order, one).status == 200
    assert own.offer("ilves", order, two).status == 429
    assert own.send("ilves", order, one).json["kept"] is True
    assert own.send("ilves", order, two).json["kept"] is True


def test_an_upload_without_a_piece_for_days_is_deleted(own: Keeping) -> None:
    order = own.order()
    own.arrived(order, LARGE)
    name = own.offer("ilves", order, LARGE).json["object"]
    own.piece("ilves", order, name, 0, LARGE[:PIECE])
    files = files_of(own)
    files.tidy()
    assert own.stored()
    now = files.links._now
    files.links._now = lambda: now() + 3 * 86_400
    files.tidy()
    assert own.stored() == []
    assert own.piece("ilves", order, name, 1, LARGE[PIECE:]).status == 404


def erase(own: Keeping, order: str, *args: str) -> str:
    result = run(*ERASE, order, *args, ledger=own.office.ledger)
    assert result.exit_code == 0, result.output
    return result.stderr


def test_an_erasure_reaches_the_file_of_a_person_and_says_so(own: Keeping) -> None:
    order, other = own.order(), own.order()
    leaf, theirs = own.arrived(order, LARGE), own.arrived(other, LARGE)
    for each in (order, other):
        own.send("ilves", each, LARGE)
    name = own.offer("ilves", order, LARGE).json["object"]
    own.fetch(order, leaf)
    said = erase(own, order)
    assert "1 kept file can be read by no one any more" in said
    assert "1 encrypted file deleted from the store" in said
    assert not any(name in str(path) for path in own.stored())
    assert own.offer("ilves", order, LARGE).status == 404
    assert own.office.ask("ilves", f"/v1/orders/{order}/files/{name}/content").status == 404
    assert own.office.ask("ilves", f"/v1/orders/{order}/files").json["entries"] == []
    assert own.fetch(other, theirs) == {"0.zip": LARGE}, "another order is another key"
    assert checked(own.office) == {**checked(own.office), "kept": 1, "damaged": [], "locked": [], "orphans": []}
    assert erase(own, order), "repeated, it changes nothing"


@pytest.mark.parametrize("ends", ["before the links", "before the objects"])
def test_an_erasure_that_ended_in_the_middle_is_finished_by_the_server(
    own: Keeping, ends: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = own.order()
    own.arrived(order, LARGE)
    own.send("ilves", order, LARGE)

    def cut(*args: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(erasure, "erase_links" if ends == "before the links" else "delete_gone", cut)
        result = run(*ERASE, order, ledger=own.office.ledger)
        assert result.exit_code != 0
    assert own.stored()
    assert own.offer("ilves", order, LARGE).status == 404, "its key is destroyed"
    files_of(own).tidy()
    assert own.stored() == []
    assert files_of(own).links.every() == []
    assert "kept file" not in erase(own, order)


def test_a_store_that_cannot_be_reached_leaves_the_objects_to_the_server(
    own: Keeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = own.order()
    own.arrived(order, LARGE)
    own.send("ilves", order, LARGE)

    def away(*args: object) -> None:
        raise LedgerError("FILES-PLACE", "the folder for files fails")

    with monkeypatch.context() as patch:
        patch.setattr("server.files.erasure.open_place", away)
        assert "the server deletes what is left" in erase(own, order)
    assert own.stored()
    files_of(own).tidy()
    assert own.stored() == []


def test_a_piece_that_comes_while_its_order_is_erased_leaves_nothing(
    own: Keeping, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = own.order()
    own.arrived(order, LARGE)
    name = own.offer("ilves", order, LARGE).json["object"]
    files = files_of(own)
    write = files._place.write

    def erased_meanwhile(*args: Any) -> None:
        erase(own, order)
        write(*args)

    monkeypatch.setattr(files._place, "write", erased_meanwhile)
    assert own.piece("ilves", order, name, 0, LARGE[:PIECE]).code == "CONFLICT"
    assert own.stored() == []


def test_the_check_of_the_store_names_what_is_damaged_lost_or_left(own: Keeping) -> None:
    order, one, two = own.order(), LARGE, token_bytes(30)
    own.arrived(order, one, two)
    names = [own.send("ilves", order, data).json["object"] for data in (one, two)]
    assert checked(own.office, "--digests") == {**checked(own.office), "kept": 2, "damaged": [], "orphans": []}
    first = next(path for path in own.stored() if names[0] in str(path) and path.name == "0")
    first.write_bytes(first.read_bytes()[:-1] + b"x")
    assert checked(own.office)["damaged"] == [], "without --digests it reads the last piece of each file"
    assert checked(own.office, "--digests")["damaged"] == [names[0]]
    first.unlink()
    assert checked(own.office)["damaged"] == [names[0]]
    files_of(own)._place.write("f" * 32, 0, b"left")
    assert checked(own.office)["orphans"] == ["f" * 32]
    assert (checked(own.office, "--collect")["deleted"], checked(own.office)["orphans"]) == (1, [])


def test_a_file_whose_key_is_not_here_is_kept_and_named(own: Keeping, monkeypatch: pytest.MonkeyPatch) -> None:
    order = own.order()
    own.arrived(order, LARGE)
    name = own.send("ilves", order, LARGE).json["object"]
    monkeypatch.setattr(SubjectKeyStore, "unwrap", lambda *args: None)  # a keys.db without this key
    files_of(own).tidy()
    assert own.stored()
    assert checked(own.office)["locked"] == [name]


def test_pieces_cannot_be_exchanged_within_the_store(own: Keeping) -> None:
    order, data = own.order(), token_bytes(2 * PIECE)
    leaf = own.arrived(order, data)
    own.send("ilves", order, data)
    one, two = own.stored()[-2:]
    a, b = one.read_bytes(), two.read_bytes()
    one.write_bytes(b)
    two.write_bytes(a)
    with pytest.raises(LedgerError):
        own.fetch(order, leaf)
    with closing(StoreCheck(read_folder(own.office.ledger))) as store:
        assert len(store.check().damaged) == 1


def test_a_copy_of_the_ledger_has_the_links_and_not_the_files(own: Keeping, tmp_path: Path) -> None:
    order, other = own.order(), own.order()
    for each in (order, other):
        own.arrived(each, LARGE)
        own.send("ilves", each, LARGE)
    copy, again = tmp_path / "copy.tar", tmp_path / "again"
    assert run("backup", str(own.office.ledger), "-o", str(copy)).exit_code == 0
    assert copy.stat().st_size < PIECE
    erase(own, order)
    restored = run("restore", str(copy), str(again), "--behind")
    assert restored.exit_code == 0, restored.output
    shutil.copy(own.office.ledger / "keys.db", again / "keys.db")
    with closing(StoreCheck(read_folder(again))) as store:
        state = store.check(digests=True)
        assert (state.kept, state.damaged, state.locked) == (2, [], []), "one of them is erased, and is no fault"
        store._keeping.tidy()
        assert store.check().kept == 1
