"""What an agent answers is read to its length, and anything else than a list or an Ed25519 signature is a fault."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from ledger.adapters.keys.key_files import WIRE
from ledger.adapters.keys.ssh_agent import LARGEST, AgentKey, find, fingerprint, held
from ledger.errors import LedgerError

KEY, OTHER = bytes(range(32)), bytes(32)
LISTED, SIGNED = b"\x0c", b"\x0e"


def text(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def listing(*blobs: bytes, count: int | None = None) -> bytes:
    number = len(blobs) if count is None else count
    return LISTED + struct.pack(">I", number) + b"".join(text(blob) + text(b"comment") for blob in blobs)


def signature(algorithm: bytes = b"ssh-ed25519", made: bytes = b"s" * 64) -> bytes:
    return SIGNED + text(text(algorithm) + text(made))


@contextmanager
def agent(folder: Path, reply: bytes, step: int = 1 << 20) -> Iterator[tuple[Path, list[bytes]]]:
    """Answer one question with these bytes, in steps of so many; yield the socket and the questions."""
    place, asked = folder / "agent", list[bytes]()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place))
        listener.listen()

        def run() -> None:
            line, _ = listener.accept()
            with line:
                size = int.from_bytes(line.recv(4))
                asked.append(line.recv(size))
                for start in range(0, len(reply), step):
                    line.sendall(reply[start : start + step])

        thread = Thread(target=run)
        thread.start()
        yield place, asked
        thread.join()


def fault(folder: Path, reply: bytes, *, signs: bool = False) -> LedgerError:
    with agent(folder, reply) as (place, _), pytest.raises(LedgerError) as found:
        AgentKey(KEY, place).sign(b"m") if signs else held(place)
    return found.value


@pytest.fixture
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("a")  # the path of a socket has at most 107 bytes


@pytest.mark.parametrize("step", [1, 1 << 20])
def test_the_ed25519_keys_of_an_agent_are_listed_in_its_order(step: int, folder: Path) -> None:
    answer = listing(WIRE + OTHER, text(b"ssh-rsa") + text(b"e") + text(b"n"), WIRE + KEY)
    with agent(folder, text(answer), step) as (place, asked):
        assert held(place) == [OTHER, KEY]
    assert asked == [b"\x0b"]


def test_a_message_is_signed_by_the_named_key_without_flags(folder: Path) -> None:
    with agent(folder, text(signature())) as (place, asked):
        assert AgentKey(KEY, place).sign(b"message") == b"s" * 64
    assert asked == [b"\x0d" + text(WIRE + KEY) + text(b"message") + bytes(4)]


@pytest.mark.parametrize(
    ("answer", "signs", "code", "says"),
    [
        (b"\x05", False, "KEY-AWAY", "does not say which keys it has"),
        (SIGNED + bytes(4), False, "KEY-AWAY", "does not say which keys it has"),
        (b"\x05", True, "KEY-AWAY", f"did not sign with {fingerprint(KEY)}"),
        (signature(b"ssh-rsa"), True, "KEY-ANSWER", "of another algorithm"),
        (SIGNED, True, "KEY-ANSWER", "cut off"),
        (SIGNED + b"\0\0\0", True, "KEY-ANSWER", "cut off"),
        (signature()[:-1], True, "KEY-ANSWER", "cut off"),
        (SIGNED + text(text(b"ssh-ed25519")), True, "KEY-ANSWER", "cut off"),
        (listing(WIRE + KEY, count=2), False, "KEY-ANSWER", "cut off"),
        (listing(WIRE + KEY)[:-1], False, "KEY-ANSWER", "cut off"),
        (listing((WIRE + KEY)[:-1]), False, "KEY-ANSWER", "cut off"),
    ],
)
def test_an_answer_of_another_form_is_a_fault(answer: bytes, signs: bool, code: str, says: str, folder: Path) -> None:
    found = fault(folder, text(answer), signs=signs)
    assert (found.code, says in found.says) == (code, True)


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (b"", "it hung up"),
        (b"\0\0", "it hung up"),
        (text(LISTED + bytes(4))[:-1], "it hung up"),
        (bytes(4), "an answer of 0 bytes"),
        (struct.pack(">I", LARGEST + 1), f"an answer of {LARGEST + 1} bytes"),
        (struct.pack(">I", LARGEST), "it hung up"),
    ],
)
def test_an_agent_that_ends_or_answers_too_much_is_away(reply: bytes, says: str, folder: Path) -> None:
    found = fault(folder, reply)
    assert (found.code, says in found.says) == ("KEY-AWAY", True)
    assert str(folder / "agent") in found.says


def test_the_largest_answer_is_256_kib() -> None:
    assert LARGEST == 256 * 1024  # draft-ietf-sshm-ssh-agent: as OpenSSH


def test_a_key_is_found_by_its_fingerprint_in_the_named_or_the_usual_agent(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = text(listing(WIRE + OTHER, WIRE + KEY))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    with agent(folder, answer) as (place, _):
        found = find(fingerprint(KEY), place)
    assert (found.public, repr(found)) == (KEY, f"AgentKey({fingerprint(KEY)})")
    with pytest.raises(LedgerError, match="SSH_AUTH_SOCK is not set"):
        find(fingerprint(KEY))
    place.unlink()
    monkeypatch.setenv("SSH_AUTH_SOCK", str(place))
    with agent(folder, answer):
        assert find(fingerprint(OTHER)).public == OTHER


@pytest.mark.parametrize(
    ("keys", "hint"), [((), "ssh-add FILE puts one there"), ((OTHER,), f"it has {fingerprint(OTHER)}")]
)
def test_a_key_that_the_agent_has_not_is_missing_and_those_that_it_has_are_named(
    keys: tuple[bytes, ...], hint: str, folder: Path
) -> None:
    answer = text(listing(*(WIRE + key for key in keys)))
    with agent(folder, answer) as (place, _), pytest.raises(LedgerError) as found:
        find(fingerprint(KEY), place)
    assert (found.value.code, found.value.hint) == ("KEY-MISSING", hint)
