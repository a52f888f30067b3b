"""A log sends its entries to mirrors, keeps their cosignatures, and finds a mirror that states what is false."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ledger.adapters.http_client import Reply
from ledger.adapters.log.log import Log
from ledger.adapters.log.published_log import from_folder, from_url
from ledger.adapters.mirror import client
from ledger.adapters.mirror.client import check_mirror, push_head
from ledger.adapters.witness.cosigning import Cosigned
from ledger.errors import LedgerError, RecordError
from ledger.formats.ed25519 import public_key
from ledger.tlog.add_entries import INFO, UploadHeader, UploadParser
from ledger.tlog.names import origin_hash
from ledger.tlog.note import Vkey, cosign, lines_of, open_checkpoint, parse_vkey, witness_vkey
from ledger.tlog.policy import Policy, parse_policy
from ledger.trust.mirrors import MirrorAddress
from tests.ledger.adapters.log.test_log import KEY, NOON, ORIGIN, Clock, closed, opened, store
from tests.ledger.adapters.log.test_log import clock as clock
from tests.ledger.adapters.log.test_log import folder as folder
from tests.ledger.adapters.mirror.test_mirror import KEY as MIRROR_KEY
from tests.ledger.adapters.mirror.test_mirror import NAME, SEED, Kept

pytest.importorskip("httpx", reason="needs the extra `server`")
pytest.importorskip("starlette", reason="needs the extra `server`")
from tests.ledger.adapters.mirror.test_server import Live, listening

POLICY = parse_policy(f"log {KEY.text}\nwitness xv {MIRROR_KEY.text}\nquorum none\n".encode())
COUNTED = parse_policy(f"log {KEY.text}\nwitness xv {MIRROR_KEY.text}\nquorum xv\n".encode())
DIGEST = origin_hash(ORIGIN)
Script = Callable[[str, bytes], tuple[int, str, str]]  # path, body -> status, Content-Type, body


@pytest.fixture
def log(folder: Path, clock: Clock) -> Iterator[Log]:
    made = opened(folder, clock, witnesses=(MIRROR_KEY,))
    grown(made, 600)
    yield made
    closed(made)


def grown(log: Log, count: int) -> int:
    """Record and acknowledge more entries; return the size of the log."""
    return log.acknowledge(store(log, count)).size


@contextmanager
def mirror(folder: Path) -> Iterator[Live]:
    """Run a live mirror of the log."""
    kept = Kept(folder)
    kept.clock.now = NOON
    kept.close()
    kept.open({ORIGIN: [KEY]})
    with listening(kept) as live:
        yield live
    kept.close()


def pushed(log: Log, clock: Clock, url: str = "", policy: Policy = POLICY, said: list[str] | None = None) -> Cosigned:
    mirrors = {MIRROR_KEY: MirrorAddress.of(url)} if url else {}
    evidence = log.files.folder.parent / "evidence"
    return push_head(log, policy, mirrors, evidence, now=clock, say=(said if said is not None else []).append)


def checked(log: Log, url: str, policy: Policy = POLICY) -> int:
    fetch = from_url(f"{url}/{DIGEST}") if url.startswith("http") else from_folder(Path(url))
    return check_mirror(log.store, log.key, policy, [MIRROR_KEY], fetch).checkpoint.size


@contextmanager
def lying(script: Script) -> Iterator[str]:
    """Run a server that answers by a script."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            status, media, says = script(self.path, body)
            with suppress(ConnectionError):
                self.send_response(status)
                self.send_header("content-type", media)
                self.send_header("content-length", str(len(says.encode())))
                self.end_headers()
                self.wfile.write(says.encode())

        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_a_pushed_head_is_kept_with_the_cosignature_of_its_mirror(log: Log, clock: Clock, tmp_path: Path) -> None:
    with mirror(tmp_path / "m") as live:
        done = pushed(log, clock, live.url)
        assert [answer.fault for answer in done.asked] == [None]
        head = open_checkpoint(done.kept.note, ORIGIN, KEY, [MIRROR_KEY])
        assert (head.checkpoint.size, [key for key, _ in head.cosignatures]) == (600, [MIRROR_KEY])
        assert log.heads.newest() == done.kept
        assert (log.files.folder / "checkpoint").read_bytes() == done.kept.note
        assert checked(log, live.url) == 600
        grown(log, 300)
        assert pushed(log, clock, live.url).kept.size == 900
        assert checked(log, live.url) == 900


def test_a_mirror_counts_for_the_quorum_if_the_policy_says_so(log: Log, clock: Clock, tmp_path: Path) -> None:
    with mirror(tmp_path / "m") as live:
        assert not pushed(log, clock, policy=COUNTED).met
        assert pushed(log, clock, live.url, policy=COUNTED).met


def test_an_interrupted_push_goes_on_where_it_ended(
    log: Log, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "_MOST_PACKAGES", 1)
    asked: list[int] = []
    posting = client._Push._post

    async def cut(self: client._Push, start: int, ticket: bytes) -> Reply:
        asked.append(start)
        if len(asked) == 3:
            raise LedgerError("HTTP-SILENT", "the line was cut")
        return await posting(self, start, ticket)

    monkeypatch.setattr(client._Push, "_post", cut)
    with mirror(tmp_path / "m") as live:
        assert [answer.fault is None for answer in pushed(log, clock, live.url).asked] == [False]
        assert pushed(log, clock, live.url).asked[0].fault is None
        assert asked == [600, 0, 256, 600, 256, 512]
        assert checked(log, live.url) == 600


def test_a_silent_mirror_does_not_stop_the_others(log: Log, clock: Clock, tmp_path: Path) -> None:
    said: list[str] = []
    with mirror(tmp_path / "m") as live:
        other = parse_policy(
            POLICY_TEXT.format(witness=f"witness gone {cosigner_key('mirror.example/gone').text}\n").encode()
        )
        mirrors = {
            cosigner_key("mirror.example/gone"): MirrorAddress.of("http://127.0.0.1:9"),
            MIRROR_KEY: MirrorAddress.of(live.url),
        }
        done = push_head(log, other, mirrors, tmp_path / "evidence", now=clock, say=said.append)
    assert [answer.fault is None for answer in done.asked] == [False, True]
    assert said[0].startswith("gone: HTTP-SILENT")


POLICY_TEXT = f"log {KEY.text}\nwitness xv {MIRROR_KEY.text}\n{{witness}}quorum none\n"


def cosigner_key(name: str) -> Vkey:
    return parse_vkey(witness_vkey(name, public_key(name.encode()[:1] * 32)))


def test_what_a_mirror_gets_are_the_bytes_of_the_specification(log: Log, clock: Clock) -> None:
    bodies: list[tuple[str, bytes]] = []

    def script(path: str, body: bytes) -> tuple[int, str, str]:
        bodies.append((path, body))
        if path == "/add-checkpoint":
            return 200, "text/plain", ""
        if len(bodies) == 2:
            return 409, INFO, "600\n300\ndGlja2V0\n"
        return 500, "text/plain", "enough\n"

    with lying(script) as url:
        done = pushed(log, clock, url)
    assert str(done.asked[0].fault).startswith("MIRROR-REFUSED")
    assert [path for path, _ in bodies] == ["/add-checkpoint", "/add-entries", "/add-entries"]
    assert bodies[0][1].startswith(b"old 0\n\n" + ORIGIN.encode() + b"\n600\n")
    head = len(ORIGIN).to_bytes(2, "big") + ORIGIN.encode()
    assert bodies[1][1] == head + (600).to_bytes(8, "big") * 2 + b"\x00\x00"
    begin = head + (300).to_bytes(8, "big") + (600).to_bytes(8, "big") + b"\x00\x06ticket"
    first = log.store.page(300, 1)[0][1]
    assert bodies[2][1].startswith(begin + len(first).to_bytes(2, "big") + first)
    found = list(UploadParser().feed(bodies[2][1]))
    assert found[0] == UploadHeader(ORIGIN, 300, 600, b"ticket")
    assert [len(package.entries) for package in found[1:]] == [212, 88]  # type: ignore[union-attr]


LIES: dict[str, Callable[[int], tuple[int, str, str]]] = {
    "it asks for more than there is": lambda size: (409, INFO, f"{size}\n{size + 1}\n\n"),
    "it goes back and back": lambda size: (202, INFO, f"{size}\n0\n\n"),
    "it takes one entry at a time": lambda size: (202, INFO, f"{size}\n1\n\n"),
    "it has another checkpoint": lambda size: (409, INFO, f"{size + 1}\n0\n\n"),
    "it says nothing": lambda size: (200, "text/plain", ""),
    "it cosigns something else": lambda size: (200, "text/plain", cosign(b"x\n1\n\n", NAME, SEED, 1)),
    "it says no numbers": lambda size: (409, INFO, "many\nmore\n\n"),
    "it answers with another type": lambda size: (202, "text/html", f"{size}\n{size}\n\n"),
    "it answers without end": lambda size: (202, INFO, "9" * 200_000),
    "it fails": lambda size: (500, "text/plain", "oops"),
}


@pytest.mark.parametrize("name", LIES)
def test_whatever_a_mirror_answers_nothing_is_kept_of_it(log: Log, clock: Clock, name: str) -> None:
    count = 0

    def script(path: str, body: bytes) -> tuple[int, str, str]:
        nonlocal count
        count += 1
        return (200, "text/plain", "") if path == "/add-checkpoint" else LIES[name](600)

    said: list[str] = []
    with lying(script) as url:
        done = pushed(log, clock, url, said=said)
    assert done.asked[0].fault is not None
    assert said
    assert not lines_of(done.kept.note, [MIRROR_KEY])
    assert count < 10


def test_a_mirror_that_takes_entries_too_slowly_is_left_for_the_next_push(log: Log, clock: Clock) -> None:
    done = threading.Event()

    def script(path: str, body: bytes) -> tuple[int, str, str]:
        if path == "/add-entries":
            done.wait(30)
        return 200, "text/plain", ""

    with lying(script) as url:
        mirrors = {MIRROR_KEY: MirrorAddress.of(url)}
        (answer,) = push_head(log, POLICY, mirrors, log.files.folder, now=clock, longest=0.3).asked
        done.set()
    assert str(answer.fault).startswith("MIRROR-REFUSED: it has not taken all entries after 0.3 seconds")


def test_a_mirror_that_says_it_has_seen_more_than_this_log_knows_gets_nothing(
    log: Log, clock: Clock, tmp_path: Path
) -> None:
    with mirror(tmp_path / "m") as live:
        pushed(log, clock, live.url)
    with lying(lambda path, body: (409, "text/x.tlog.size", "601\n")) as url:
        done = pushed(log, clock, url)
    assert done.asked[0].fault is not None
    assert done.asked[0].fault.code == "WITNESS-AHEAD"


@pytest.mark.parametrize("lie", ["changed", "cut", "gone", "unsigned", "none"])
def test_a_mirror_that_states_what_it_does_not_store_is_found_by_reading_it(
    log: Log, clock: Clock, tmp_path: Path, lie: str
) -> None:
    with mirror(tmp_path / "m") as live:
        pushed(log, clock, live.url)
        files = live.kept.folder / "logs" / DIGEST
        bundle = files / "tile/entries/001"
        data = bundle.read_bytes()
        if lie == "changed":
            bundle.write_bytes(data[:2] + b"?" + data[3:])
        elif lie == "cut":
            bundle.write_bytes(data[:-1])
        elif lie == "gone":
            bundle.unlink()
        elif lie == "unsigned":
            note = (files / "checkpoint").read_bytes()
            (files / "checkpoint").write_bytes(b"".join(note.splitlines(keepends=True)[:5]))
            with pytest.raises(RecordError, match="has not cosigned"):
                checked(log, str(files))
            return
        else:
            assert checked(log, live.url) == checked(log, str(files)) == 600
            return
        for where in (live.url, str(files)):
            with pytest.raises(LedgerError) as found:
                checked(log, where)
            assert found.value.code == "MIRROR-LACKS"
