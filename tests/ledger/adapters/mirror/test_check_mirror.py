"""A log sends a mirror what fits into a request, ends with one that makes no progress, and reads all that it shows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.adapters.http_client import Reply
from ledger.adapters.log.published_log import Fetch, from_folder
from ledger.adapters.mirror import client
from ledger.adapters.mirror.client import _Push, by_address, check_mirror
from ledger.errors import LedgerError, RecordError
from ledger.formats.ed25519 import public_key
from ledger.tlog.add_entries import INFO, EntryPackage, UploadParser
from ledger.tlog.note import cosign, parse_vkey, witness_vkey
from ledger.tlog.policy import parse_policy
from ledger.trust.mirrors import MirrorAddress
from tests.support.hash_log import HashLog

LOG = HashLog(size=700)
FORK = LOG.fork(10, 700)
MIRROR, OTHER = "mirror.example/xv", "witness.example/w"
SEEDS = {MIRROR: bytes([3]) * 32, OTHER: bytes([4]) * 32}
KEYS = {name: parse_vkey(witness_vkey(name, public_key(seed))) for name, seed in SEEDS.items()}
POLICY = parse_policy(
    f"log {LOG.key.text}\nwitness m {KEYS[MIRROR].text}\nwitness w {KEYS[OTHER].text}\nquorum m\n".encode()
)


def stored(size: int, log: HashLog = LOG) -> Any:
    def page(first: int, count: int) -> Iterator[tuple[int, bytes]]:
        yield from enumerate(log.entries[first : first + count], first)

    return SimpleNamespace(size=lambda: size, hashes=log.read, page=page)


def shown(folder: Path, size: int, log: HashLog = LOG, by: str = MIRROR) -> Fetch:
    """Return a reader of what a mirror shows."""
    note = log.note(size)
    signed = note + cosign(note, by, SEEDS[by], 1).encode() if by else note
    (log.publish(folder, size) / "checkpoint").write_bytes(signed)
    return from_folder(folder)


def code(store: Any, fetch: Fetch) -> str:
    with pytest.raises((LedgerError, RecordError)) as found:
        check_mirror(store, LOG.key, POLICY, [KEYS[MIRROR]], fetch)
    return f"{getattr(found.value, 'code')} {getattr(found.value, 'says')}"  # noqa: B009 - of two classes


@pytest.mark.parametrize("ours", [300, 301, 700])
def test_a_mirror_may_have_all_entries_or_fewer(ours: int, tmp_path: Path) -> None:
    head = check_mirror(stored(ours), LOG.key, POLICY, [KEYS[MIRROR]], shown(tmp_path, 300))
    assert (head.checkpoint.size, head.checkpoint.root) == (300, LOG.root(300))


def test_a_mirror_with_more_entries_or_another_tree_convicts_the_log_or_its_copy(tmp_path: Path) -> None:
    assert code(stored(299), shown(tmp_path / "a", 300)).startswith("LOG-ROLLBACK the mirror has 300 entries")
    assert code(stored(300), shown(tmp_path / "b", 300, FORK)).startswith(
        "LOG-FORKED the mirror has another tree of 300"
    )


@pytest.mark.parametrize("by", ["", OTHER])
def test_a_checkpoint_that_the_mirror_has_not_cosigned_is_none_of_its(by: str, tmp_path: Path) -> None:
    assert code(stored(300), shown(tmp_path, 300, by=by)).startswith("CP-SIG the mirror has not cosigned")


@pytest.mark.parametrize(("fault", "lacks"), [("LOG-UNREACHABLE", True), ("LOG-TILE", True), ("HTTP-SILENT", False)])
def test_entries_that_are_not_shown_are_missing_there_and_a_silent_mirror_is_only_silent(
    fault: str, lacks: bool, tmp_path: Path
) -> None:
    fetch = shown(tmp_path, 300)

    def broken(path: str, most: int) -> bytes:
        if path.startswith("tile/entries/001"):
            raise LedgerError(fault, "in its words")
        return fetch(path, most)

    said = code(stored(300), broken)
    assert said.startswith("MIRROR-LACKS" if lacks else fault)
    assert ("does not show those from 256 on: in its words" in said) is lacks


def test_an_entry_that_differs_is_named(tmp_path: Path) -> None:
    fetch, other = shown(tmp_path / "a", 300), shown(tmp_path / "b", 300, LOG.fork(299, 300))

    def changed(path: str, most: int) -> bytes:
        return (other if path.startswith("tile/entries/001") else fetch)(path, most)

    assert code(stored(300), changed) == "MIRROR-LACKS entry 299 is another one there than in this log"


# -- requests ----------------------------------------------------------------------------------------------------------


def push(answers: list[Reply], size: int = 700) -> tuple[_Push, list[int]]:
    """Return an upload to a mirror that gives these answers, the last one again and again, and where it was asked."""
    log: Any = SimpleNamespace(store=stored(size))
    question: Any = SimpleNamespace(size=size, origin=LOG.origin, url="http://m", taken=lambda body: "taken")
    question.without = lambda fault: f"{fault.code}: {fault.says}"
    return _Push(log, question), []


def uploaded(answers: list[Reply], monkeypatch: pytest.MonkeyPatch) -> tuple[str, list[int]]:
    upload, asked = push(answers)

    async def post(self: _Push, start: int, ticket: bytes) -> Reply:
        asked.append(start)
        return answers[min(len(asked), len(answers)) - 1]

    monkeypatch.setattr(_Push, "_post", post)
    return str(asyncio.run(upload._upload())), asked


def missing(status: int, at: int, size: int = 700) -> Reply:
    return Reply(status, INFO, f"{size}\n{at}\n\n".encode())


DONE = Reply(200, "text/plain", b"line")


def test_an_upload_goes_on_from_the_entry_that_is_missing_there(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [missing(409, 0), missing(202, 256), missing(202, 512), missing(202, 700), DONE]
    assert uploaded(answers, monkeypatch) == ("taken", [700, 0, 256, 512, 700])
    assert uploaded([missing(409, 900), DONE], monkeypatch) == ("taken", [700, 700])


@pytest.mark.parametrize(
    ("again", "asked"),
    [(missing(409, 0), [700, 0, 0, 0]), (missing(202, 255), [700, 255, 255, 255]), (missing(409, 700), [700] * 4)],
)
def test_a_mirror_that_stands_still_is_asked_four_times(
    again: Reply, asked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    says, places = uploaded([again], monkeypatch)
    assert (says, places) == (f"MIRROR-REFUSED: it does not get beyond entry {asked[-1]}", asked)
    assert uploaded([again] * 3 + [DONE], monkeypatch)[0] == "taken"


def test_a_mirror_that_asks_for_another_tree_or_fails_gets_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    assert uploaded([missing(409, 0, 699)], monkeypatch) == (
        "MIRROR-REFUSED: it was sent 700 entries, and asks for 699",
        [700],
    )
    for reply in (Reply(500, INFO, b"700\n0\n\n"), Reply(202, "text/plain", b"700\n0\n\n")):
        says, asked = uploaded([reply], monkeypatch)
        assert says.startswith(f"MIRROR-REFUSED: status {reply.status} to entries")
        assert asked == [700]


@pytest.mark.parametrize(
    ("bound", "most", "packages"),
    [("_MOST_PACKAGES", 1, 1), ("_MOST_PACKAGES", 2, 2), ("_MOST_PACKAGES", 3, 3), ("_MOST_BYTES", 1, 0),
     ("_MOST_BYTES", 100, 1), ("_MOST_BYTES", 1 << 20, 3)],
)  # fmt: skip
def test_a_request_has_as_many_packages_as_its_bounds_allow(
    bound: str, most: int, packages: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, bound, most)
    upload, _ = push([])
    found = [each for each in UploadParser().feed(upload._request(0, b"")) if isinstance(each, EntryPackage)]
    assert len(found) == packages
    assert [entry for package in found for entry in package.entries] == LOG.entries[: min(256 * packages, 700)]


def test_keys_at_one_address_are_one_mirror() -> None:
    here, there = MirrorAddress.of("http://m"), MirrorAddress.of("http://w")
    assert by_address({KEYS[MIRROR]: here, KEYS[OTHER]: here}) == [(here.submission, (KEYS[MIRROR], KEYS[OTHER]))]
    assert [keys for _, keys in by_address({KEYS[MIRROR]: here, KEYS[OTHER]: there})] == [
        (KEYS[MIRROR],),
        (KEYS[OTHER],),
    ]
