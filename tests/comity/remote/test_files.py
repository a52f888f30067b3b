"""A file is sent piece by piece and fetched to the end of what has come; bytes with another digest are deleted."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("httpx", reason="needs the extra `server`")

from comity.remote import files
from comity.remote.connection import Refused
from comity.remote.files import RemoteFiles, StatedFile
from ledger.errors import LedgerError, RecordError

PIECE = 4
DATA = b"0123456789"


class Server:
    """A server that takes pieces of four bytes; `faults` are raised by the next calls, `checks` waits so often."""

    def __init__(self, received: int = 0, faults: tuple[str, ...] = (), checks: int = 0) -> None:
        self.received, self.faults, self.checks = received, list(faults), checks
        self.pieces: list[tuple[str, bytes]] = []
        self.asked: list[str] = []

    def _state(self) -> Any:
        whole = self.received == 3
        kept = whole and self.checks <= 0
        return SimpleNamespace(object="obj", kept=kept, received=self.received, piece=PIECE, pieces=3, size=len(DATA))

    def post(self, path: str, form: Any, body: bytes, key: str) -> Any:
        self.asked.append(path)
        assert sha256(DATA).hexdigest().encode() in body
        return self._state()

    def put(self, path: str, form: Any, part: bytes) -> Any:
        if self.faults:
            code = self.faults.pop(0)
            raise LedgerError(code, "wait") if code == "BUSY" else Refused(code, "no")
        self.pieces.append((path, part))
        self.received += 1
        return self._state()

    def get(self, path: str, form: Any) -> Any:
        self.asked.append(path)
        self.checks -= 1
        return self._state()


@pytest.fixture(autouse=True)
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    seconds: list[float] = []
    monkeypatch.setattr(files, "time", SimpleNamespace(sleep=seconds.append))
    return seconds


def sent(server: Server, tmp_path: Path) -> list[tuple[int, int | None]]:
    path = tmp_path / "file"
    path.write_bytes(DATA)
    seen: list[tuple[int, int | None]] = []
    connection: Any = server
    nothing: Any = None
    state = RemoteFiles(connection, nothing, nothing).send("o", path, lambda done, size: seen.append((done, size)))
    assert state.kept
    return seen


def test_a_file_is_sent_in_pieces_from_the_first_that_is_missing(tmp_path: Path, slept: list[float]) -> None:
    for received in (0, 1, 2):
        server = Server(received)
        assert sent(server, tmp_path) == [(n * 4, 10) for n in range(received, 3)] + [(10, 10)]
        every = [("/v1/orders/o/files/obj/pieces/" + str(n), DATA[n * 4 : n * 4 + 4]) for n in range(3)]
        assert server.pieces == every[received:]
    assert sent(Server(3), tmp_path) == [(10, 10)], "the server has it"
    assert slept == []


def test_while_the_server_compares_the_digest_it_is_asked_again(tmp_path: Path, slept: list[float]) -> None:
    server = Server(2, checks=2)
    assert sent(server, tmp_path) == [(8, 10), (10, 10), (10, 10), (10, 10)]
    assert server.asked == ["/v1/orders/o/files", *["/v1/orders/o/files/obj"] * 2]
    assert slept == [files._CHECKING] * 2


@pytest.mark.parametrize("code", ["BUSY", "CONFLICT", "API-SLOW"])
def test_a_piece_is_sent_again_a_few_times(code: str, tmp_path: Path, slept: list[float]) -> None:
    server = Server(faults=(code,) * (files._TRIES - 1))
    sent(server, tmp_path)
    assert [part for _, part in server.pieces] == [b"0123", b"4567", b"89"]
    assert slept == [files._PAUSE] * (files._TRIES - 1)
    with pytest.raises((LedgerError, Refused), match=code):
        sent(Server(faults=(code,) * files._TRIES), tmp_path)


def test_what_is_refused_for_good_is_not_sent_again(tmp_path: Path, slept: list[float]) -> None:
    with pytest.raises(Refused, match="API-MISSING"):
        sent(Server(faults=("API-MISSING",)), tmp_path)
    assert slept == []


# -- fetching ----------------------------------------------------------------------------------------------------------


class Content:
    """A server with the content of a file, which it sends from a place in parts of three bytes, up to `most`."""

    def __init__(self, data: bytes = DATA, most: int = 100) -> None:
        self.data, self.most = data, most
        self.asked: list[tuple[str, int]] = []

    def fetch(self, path: str, start: int) -> Iterator[bytes]:
        self.asked.append((path, start))
        left = self.data[start : start + self.most]
        for at in range(0, len(left), 3):
            yield left[at : at + 3]


def fetched(server: Content, path: Path, data: bytes = DATA) -> list[tuple[int, int | None]]:
    stated = StatedFile("obj", "files", "a.txt", sha256(data).hexdigest(), len(data))
    opened: Any = SimpleNamespace(order="o")
    seen: list[tuple[int, int | None]] = []
    connection: Any = server
    nothing: Any = None
    RemoteFiles(connection, nothing, nothing).fetch(opened, stated, path, lambda done, size: seen.append((done, size)))
    return seen


def test_a_file_is_written_whole_and_its_part_is_gone(tmp_path: Path) -> None:
    server, path = Content(), tmp_path / "a.txt"
    assert fetched(server, path) == [(3, 10), (6, 10), (9, 10), (10, 10)]
    assert server.asked == [("/v1/orders/o/files/obj/content", 0)]
    assert [(p.name, p.read_bytes()) for p in tmp_path.iterdir()] == [("a.txt", DATA)]


def test_what_has_come_is_kept_and_a_later_call_goes_on_from_there(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with pytest.raises(LedgerError, match="7 of 10 bytes have come"):
        fetched(Content(most=7), path)
    assert (tmp_path / "a.txt.part").read_bytes() == DATA[:7]
    assert not path.exists()
    server = Content()
    assert fetched(server, path) == [(10, 10)]
    assert server.asked[0][1] == 7
    assert path.read_bytes() == DATA


def test_a_part_that_is_whole_is_not_asked_for(tmp_path: Path) -> None:
    (tmp_path / "a.txt.part").write_bytes(DATA)
    server = Content()
    assert fetched(server, tmp_path / "a.txt") == []
    assert server.asked == []
    assert (tmp_path / "a.txt").read_bytes() == DATA


def test_an_empty_file_is_asked_for_all_the_same(tmp_path: Path) -> None:
    server = Content(b"")
    assert fetched(server, tmp_path / "a.txt", b"") == []
    assert len(server.asked) == 1
    assert (tmp_path / "a.txt").read_bytes() == b""


@pytest.mark.parametrize("data", [b"0123456780", DATA + b"x", DATA * 3])
def test_other_bytes_are_deleted(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(RecordError, match=r"API-FALSE.*not those of the stated digest"):
        fetched(Content(data), tmp_path / "a.txt")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        fetched(Content(), tmp_path / "a.txt")
    assert (tmp_path / "a.txt").read_bytes() == b"mine"


# -- opening -----------------------------------------------------------------------------------------------------------


class Opening(RemoteFiles):
    """Files whose place of the access entry is known or not, and whose opening is refused some times."""

    def __init__(self, place: str | None, *faults: str) -> None:
        self.place, self.faults, self.tried = place, list(faults), 0

    def listed(self, order: str) -> Any:
        return SimpleNamespace(place=self.place)

    def _open(self, *said: Any) -> Any:
        self.tried += 1
        if self.faults:
            raise RecordError(self.faults.pop(0), "others wrote first")
        return said


def opens(made: Opening) -> Any:
    signer: Any = "signer"
    return made.open("o", "leaf", "trial", "Dina", None, signer)


def test_an_opening_that_others_came_before_is_tried_again() -> None:
    for code in ("CTX-CHAIN", "CONFLICT"):
        made = Opening("place", *[code] * (files._TRIES - 1))
        assert opens(made) == ("o", "leaf", "place", "signer", "trial", "Dina", None)
        assert made.tried == files._TRIES
        with pytest.raises(RecordError, match=code):
            opens(Opening("place", *[code] * files._TRIES))
    once = Opening("place", "API-FALSE")
    with pytest.raises(RecordError, match="API-FALSE"):
        opens(once)
    assert once.tried == 1


def test_who_does_not_see_every_order_opens_no_file() -> None:
    made = Opening(None)
    with pytest.raises(Refused, match="API-DENIED"):
        opens(made)
    assert made.tried == 0
