"""Notes, keys and proofs at the borders of their forms: the page reads what the program reads, and no more."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from ledger.errors import RecordError
from ledger.formats.ed25519 import public_key
from ledger.tlog.note import log_vkey, open_note, parse_checkpoint, parse_vkey, sign_note
from ledger.tlog.tree import parse_proof
from tests.browser.support.node import Page, Refusal

pytestmark = pytest.mark.browser

SEED = bytes(range(32))
ORIGIN = "log.example/x"
KEY = log_vkey(ORIGIN, public_key(SEED))
ROOT = b64encode(bytes(range(32))).decode()
EMPTY = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
TEXT = f"{ORIGIN}\n7\n{ROOT}\n"
NOTE = sign_note(TEXT, ORIGIN, SEED)
LINE = NOTE.rpartition("\n\n")[2]


def code(work: Callable[[], Any]) -> str:
    """Return the code of a refusal; "read" if there is none."""
    try:
        work()
    except (RecordError, Refusal) as refused:
        return refused.code
    return "read"


def line(name: str, size: int = 68) -> str:
    return f"— {name} {b64encode(bytes(size)).decode()}\n"


def long(size: int) -> str:
    """Return a note of so many bytes."""
    text = TEXT + "x" * (size - len(sign_note(TEXT + "\n", ORIGIN, SEED).encode())) + "\n"
    return sign_note(text, ORIGIN, SEED)


NOTES = {
    "as signed": (NOTE, "read"),
    "16 lines": (NOTE + line("a") * 15, "read"),
    "17 lines": (NOTE + line("a") * 16, "CP-FORMAT"),
    "65,536 bytes": (long(65_536), "read"),
    "65,537 bytes": (long(65_537), "CP-FORMAT"),
    "a line of 5 bytes": (NOTE + line("a", 5), "read"),
    "a line of 4 bytes": (NOTE + line("a", 4), "CP-FORMAT"),
    "a line without bytes": (NOTE + "— a\n", "CP-FORMAT"),
    "a line without a name": (NOTE + line(""), "CP-FORMAT"),
    "a name with a plus": (NOTE + line("a+b"), "CP-FORMAT"),
    "a name with a space of Unicode": (NOTE + line("a\u2003b"), "CP-FORMAT"),
    "a name of another script": (NOTE + line("журнал"), "read"),
    "a line with another dash": (NOTE + line("a").replace("—", "–"), "CP-FORMAT"),
    "a line with no base64": (NOTE + "— a !!!!!!!!\n", "CP-FORMAT"),
    "two spaces": (NOTE + line("a").replace(" AA", "  AA"), "CP-FORMAT"),
    "no end of the last line": (NOTE[:-1], "CP-FORMAT"),
    "no line": (TEXT + "\n", "CP-FORMAT"),
    "no empty line": (TEXT + LINE, "CP-FORMAT"),
    "an empty text": (sign_note("\n", ORIGIN, SEED), "read"),
    "two empty lines": (TEXT + "\n\n" + LINE, "CP-SIG"),
    "a tab": (NOTE.replace("7", "\t7"), "CP-FORMAT"),
    "a return": (NOTE.replace("7", "7\r"), "CP-FORMAT"),
    "a zero byte": (NOTE.replace("7", "7\0"), "CP-FORMAT"),
    "the line of no known key": (TEXT + "\n" + line("a"), "CP-SIG"),
    "a line of its key twice": (NOTE + LINE, "read"),
    "a wrong line after a right one": (NOTE + LINE.replace(LINE[-20:-10], "A" * 10), "CP-SIG"),
    "another text": (NOTE.replace("\n7\n", "\n8\n"), "CP-SIG"),
}


@pytest.mark.parametrize("what", NOTES)
def test_a_note_is_read_by_both_or_refused_under_the_same_code(what: str, node: Page) -> None:
    note, expected = NOTES[what]
    data = note.encode()
    assert code(lambda: open_note(data, [parse_vkey(KEY)])) == expected
    assert code(lambda: node.ask("note", note=data, keys=[KEY])) == expected


def test_keys_with_one_id_or_one_value_are_refused(node: Page) -> None:
    other = log_vkey("another.example", public_key(SEED))
    for keys in ([KEY, KEY], [KEY, other]):
        assert code(partial(open_note, NOTE.encode(), [*map(parse_vkey, keys)])) == "CP-KEY"
        assert code(partial(node.ask, "note", note=NOTE.encode(), keys=keys)) == "CP-KEY"


TEXTS = {
    TEXT: "read",
    f"{ORIGIN}\n0\n{EMPTY}\n": "read",
    f"{ORIGIN}\n0\n{ROOT}\n": "CP-FORMAT",
    f"{ORIGIN}\n1\n{EMPTY}\n": "CP-FORMAT",
    f"{ORIGIN}\n07\n{ROOT}\n": "CP-FORMAT",
    f"{ORIGIN}\n-7\n{ROOT}\n": "CP-FORMAT",
    f"{ORIGIN}\n{2**63 - 1}\n{ROOT}\n": "read",
    f"{ORIGIN}\n{2**63}\n{ROOT}\n": "CP-FORMAT",
    f"{ORIGIN}\n{10**19}\n{ROOT}\n": "CP-FORMAT",
    f"{ORIGIN}\n7\n{ROOT}": "CP-FORMAT",
    f"{ORIGIN}\n7\n{ROOT}\nmore\n": "CP-FORMAT",
    f"{ORIGIN}\n7\n{ROOT[:-4]}\n": "CP-FORMAT",
    f"{ORIGIN}\n7\n{ROOT[:-1]}\n": "CP-FORMAT",
    f"\n7\n{ROOT}\n": "CP-FORMAT",
    f"{'o' * 255}\n7\n{ROOT}\n": "read",
    f"{'o' * 256}\n7\n{ROOT}\n": "CP-ORIGIN",
    f"a b\n7\n{ROOT}\n": "CP-ORIGIN",
    f"a+b\n7\n{ROOT}\n": "CP-ORIGIN",
    f"ä\n7\n{ROOT}\n": "CP-ORIGIN",
}


@pytest.mark.parametrize("text", TEXTS)
def test_the_text_of_a_checkpoint_is_read_by_both_or_refused_under_the_same_code(text: str, node: Page) -> None:
    assert code(lambda: parse_checkpoint(text)) == TEXTS[text]
    assert code(lambda: node.ask("checkpoint", text=text)) == TEXTS[text]


def proof(*hashes: str, index: str = "index 5", head: str = "c2sp.org/tlog-proof@v1", note: str = NOTE) -> bytes:
    return "\n".join((head, *([index] if index else []), *hashes, "", note)).encode()


PROOFS = {
    "one hash": (proof(ROOT), True),
    "no hash": (proof(), True),
    "63 hashes": (proof(*[ROOT] * 63), True),
    "64 hashes": (proof(*[ROOT] * 64), False),
    "a hash of 31 bytes": (proof(b64encode(bytes(31)).decode()), False),
    "no base64": (proof("!" * 44), False),
    "no index": (proof(ROOT, index=""), False),
    "an index with a zero before it": (proof(index="index 05"), False),
    "another word": (proof(index="indes 5"), False),
    "another header": (proof(head="c2sp.org/tlog-proof@v2"), False),
    "something extra": (proof(ROOT, index="extra AAAA\nindex 5"), True),
    "nothing extra": (proof(ROOT, index="extra \nindex 5"), False),
    "extra without base64": (proof(ROOT, index="extra !\nindex 5"), False),
    "no note": (proof(note=""), False),
    "a return": (proof().replace(b"\n\n", b"\r\n\n", 1), False),
    "a line of 4,096": (proof(index=f"extra {'A' * 4_088}\nindex 5"), True),
    "a line of 4,097 and more": (proof(index=f"extra {'A' * 4_092}\nindex 5"), False),
    "131,072 bytes": (proof(note=("x" * 99 + "\n") * 1_400)[:131_072], True),
    "131,073 bytes": (proof(note=("x" * 99 + "\n") * 1_400)[:131_073], False),
}


@pytest.mark.parametrize("what", PROOFS)
def test_a_proof_is_read_by_both_or_by_neither(what: str, node: Page) -> None:
    data, good = PROOFS[what]
    expected = "read" if good else "PRF-FORMAT"
    assert code(lambda: parse_proof(data)) == expected
    assert code(lambda: node.ask("proof", data=data)) == expected
    if good:
        index, hashes, _ = node.ask("proof", data=data)
        assert (index, hashes) == (str(parse_proof(data).index), len(parse_proof(data).path))
