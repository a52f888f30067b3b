"""What is opened of an entry's files was asked for with a signed reason, and is stated by the entry."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

pytest.importorskip("httpx", reason="needs the extra `server`")
pytest.importorskip("http_message_signatures", reason="needs the extra `server`")

from comity.remote import files
from comity.remote.files import RemoteFiles, StatedFile
from ledger.entries.case import wire
from ledger.entries.envelope import open_
from ledger.entries.placement import access_of
from ledger.errors import RecordError
from ledger.formats.selective_disclosure import parse_disclosure
from server.documents import AccessPlace
from server.files.documents import FilesAsked, OpenedFile
from tests.support.memory_ledger import hand

ORIGIN, ORDER, LEAF = "log.example", "11111111-2222-4333-8444-555555555555", "ab" * 32
UNTIL = datetime(2027, 6, 2, tzinfo=UTC)
PREV = "cd" * 32
ILVES = hand("ilves")


class Server:
    """A server and its verifier in one: it believes everything, and answers with the receipt of what it is sent."""

    origin = ORIGIN

    def __init__(self, **receipt: Any) -> None:
        self.receipt_of, self.sent, self.heads, self.cases = receipt, list[Any](), list[Any](), list[str]()
        self.checked: list[Any] = []
        self.verifier = SimpleNamespace(head=self.heads.append, receipt=lambda item: f"proof of {item.index}".encode())

    def get(self, path: str, form: Any) -> Any:
        return SimpleNamespace(path=path, head="head")

    def post(self, path: str, form: Any, body: bytes, once: str) -> Any:
        asked = msgspec.json.decode(body, type=FilesAsked)
        opened = open_(asked.access.entry.encode())
        self.sent.append((path, asked, opened, once))
        p = opened.payload
        item = {"index": 9, "leaf": opened.leaf, "entry": p.entry, "order": p.order, "seq": p.seq, "already": False}
        return SimpleNamespace(head="head", until=UNTIL, receipt=SimpleNamespace(**{**item, **self.receipt_of}))

    def check_form(self, fact: Any, said: Any, order: Any, without: Any) -> None:
        self.checked.append((fact.kind, said.on, order))

    def case(self, order: str) -> None:
        self.cases.append(order)


def client(server: Server) -> Any:
    given: Any = server, server, server
    return RemoteFiles(*given)


def opened(server: Server, place: AccessPlace, because: str | None = None) -> Any:
    made = client(server)
    made._proven = lambda order, leaf, answer: ["files of", order, leaf]
    return made._open(ORDER, LEAF, place, ILVES.signer("ISS"), "trial", "Dina Ilves", because)


@pytest.mark.parametrize("because", [None, "the hearing of 3 June"])
def test_the_reason_names_the_entry_whose_files_are_opened(because: str | None) -> None:
    server = Server()
    found = opened(server, AccessPlace(access_of(ORIGIN), 4, PREV), because)
    ((path, asked, entry, once),) = server.sent
    p = entry.payload
    assert (path, len(once)) == (f"/v1/orders/{ORDER}/opened-files", 32)
    assert (asked.entry, asked.purpose, asked.key, asked.role) == (LEAF, "trial", ILVES.key, "ISS")
    assert (p.kind, p.log, p.order, p.seq, p.prev) == ("record-accessed", ORIGIN, access_of(ORIGIN), 4, PREV)
    assert p.public["orders"] == [ORDER]
    assert (p.public["view"], p.public["purpose_code"]) == ("export", "trial")
    sealed = [parse_disclosure(each) for each in asked.access.disclosures]
    assert {each.name: each.value for each in sealed} == {
        "justification": f"files of entry {LEAF}: {because or 'trial'}",
        "person": "Dina Ilves",
    }
    assert (p.on, p.signed_at, server.checked) == (
        wire(asked.made_at), wire(asked.made_at), [("record-accessed", asked.made_at, None)],
    )  # fmt: skip
    assert server.heads == ["head"]
    assert (found.order, found.until, found.files) == (ORDER, UNTIL, ["files of", ORDER, LEAF])
    access = found.access
    assert (access.index, access.leaf, access.order, access.seq, access.already) == (
        9, entry.leaf, access_of(ORIGIN), 4, False,
    )  # fmt: skip
    assert (access.entry, access.proof) == (p.entry, b"proof of 9")


@pytest.mark.parametrize("place", [AccessPlace("another order", 4, PREV), AccessPlace(access_of(ORIGIN), 0, None)])
def test_an_access_entry_belongs_into_the_order_of_accesses(place: AccessPlace) -> None:
    server = Server()
    with pytest.raises(RecordError, match=r"API-FALSE.*does not say where the access entry belongs"):
        opened(server, place)
    assert server.sent == []


def test_the_first_access_entry_has_the_number_one() -> None:
    server = Server()
    opened(server, AccessPlace(access_of(ORIGIN), 1, None))
    assert server.sent[0][2].payload.seq == 1


@pytest.mark.parametrize("wrong", [{"leaf": "ef" * 32}, {"order": ORDER}, {"seq": 5}])
def test_a_receipt_of_another_access_entry_is_false(wrong: dict[str, Any]) -> None:
    with pytest.raises(RecordError, match=r"API-FALSE.*receipt is of another entry"):
        opened(Server(**wrong), AccessPlace(access_of(ORIGIN), 4, PREV))


def test_the_list_of_kept_files_is_under_a_verified_head() -> None:
    server = Server()
    assert client(server).listed(ORDER).path == f"/v1/orders/{ORDER}/files"
    assert server.heads == ["head"]


# -- what the entry states ---------------------------------------------------------------------------------------------


@pytest.fixture
def stating(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a client whose entry states two files, one without a size or a name."""
    monkeypatch.setattr(files, "lift", lambda texts, sd, public: texts)
    monkeypatch.setattr(files, "entry_of", lambda opened, index, texts: SimpleNamespace(seq=3, at=index, texts=texts))
    stated = [("content", {"sha256": "11" * 32, "size": 5, "name": "a.txt"}), ("proof", {"sha256": "22" * 32})]
    monkeypatch.setattr(files, "files_of", lambda entry: stated if entry.texts == ["d"] else [])
    entry = SimpleNamespace(leaf=LEAF, sd=(), payload=SimpleNamespace(public={}))
    server: Any = Server()
    server.placed = lambda order: [(7, SimpleNamespace(leaf="other")), (8, entry)]
    return client(server)


def offered(*files: OpenedFile, order: str = ORDER, leaf: str = LEAF, texts: tuple[str, ...] = ("d",)) -> Any:
    return SimpleNamespace(order=order, entry=leaf, disclosures=list(texts), files=list(files))


def kept(sha256: str = "11" * 32, field: str = "content", size: int = 5) -> OpenedFile:
    return OpenedFile("obj", field, "b.txt", sha256, size)


def test_a_file_has_the_name_that_the_entry_states(stating: Any) -> None:
    answer = offered(kept(), kept("22" * 32, "proof", 9))
    assert stating._proven(ORDER, LEAF, answer) == [
        StatedFile("obj", "content", "a.txt", "11" * 32, 5),
        StatedFile("obj", "proof", "", "22" * 32, 9),
    ]
    assert stating._reader.cases == [ORDER]
    assert stating._proven(ORDER, LEAF, offered()) == []


@pytest.mark.parametrize("file", [kept("33" * 32), kept(field="proof"), kept(size=6)])
def test_a_file_that_the_entry_does_not_state_is_false(file: OpenedFile, stating: Any) -> None:
    with pytest.raises(RecordError) as raised:
        stating._proven(ORDER, LEAF, offered(file))
    assert (raised.value.code, raised.value.says) == (
        "API-FALSE", f"entry 3 of the order does not state the file {file.sha256[:12]} that the server names",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "leaf"), [(offered(order="x"), LEAF), (offered(leaf="x"), LEAF), (offered(leaf="ef" * 32), "ef" * 32)]
)
def test_files_of_another_entry_are_false(answer: Any, leaf: str, stating: Any) -> None:
    with pytest.raises(RecordError, match=r"API-FALSE.*those of another entry"):
        stating._proven(ORDER, leaf, answer)
