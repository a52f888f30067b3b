"""The list of the files of a bundle: the page refuses it where the program does, and for the same reason."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import msgspec
import pytest
from msgspec.structs import replace

from ledger.bundle.layout import MANIFEST, SUMS
from ledger.bundle.manifest import Listed, check_listing
from ledger.errors import RecordError
from tests.browser.support.node import Page
from tests.ledger.bundle.test_manifest import SAID

pytestmark = pytest.mark.browser

FILES = {"mimetype": b"x", "a": b"one", "b": b"two", "empty": b"", SUMS: b"sums", MANIFEST: b"manifest"}
WORDS = {
    "listed-twice": "it is listed twice",
    "not-listed": "it is not listed",
    "not-there": "it is listed and not there",
    "another-size": "bytes, listed with",
    "another-digest": "SHA-256",
    "list-order": "the list does not follow the order",
}


def listed(path: str, content: bytes | None = None, size: int = 0) -> Listed:
    content = FILES.get(path, b"") if content is None else content
    return Listed(path, len(content) + size, sha256(content).hexdigest())


WHOLE = [listed(path) for path in FILES if path not in (MANIFEST, SUMS)]
CASES = {
    "the list": (WHOLE, ""),
    "its first file twice": ([*WHOLE, replace(WHOLE[0])], "listed-twice"),
    "its last file twice": ([*WHOLE, replace(WHOLE[-1])], "listed-twice"),
    "without its first file": (WHOLE[1:], "not-listed"),
    "without its last file": (WHOLE[:-1], "not-listed"),
    "nothing": ([], "not-listed"),
    "itself": ([*WHOLE, listed(MANIFEST)], "not-there"),
    "the sums": ([*WHOLE, listed(SUMS)], "not-there"),
    "itself first": ([listed(MANIFEST), *WHOLE], "not-there"),
    "the sums first": ([listed(SUMS), *WHOLE], "not-there"),
    "an absent file": ([*WHOLE, listed("absent")], "not-there"),
    "an absent file first": ([listed("absent"), *WHOLE], "not-there"),
    "a byte more": ([*WHOLE[:1], listed("a", size=1), *WHOLE[2:]], "another-size"),
    "a byte less": ([*WHOLE[:1], listed("a", size=-1), *WHOLE[2:]], "another-size"),
    "a file that is not empty": ([*WHOLE[:3], listed("empty", size=1)], "another-size"),
    "another content": ([*WHOLE[:1], listed("a", b"two"), *WHOLE[2:]], "another-digest"),
    "another last content": ([*WHOLE[:3], replace(WHOLE[3], sha256="00" * 32)], "another-digest"),
    "two files exchanged": ([WHOLE[0], WHOLE[2], WHOLE[1], WHOLE[3]], "list-order"),
    "turned": (WHOLE[::-1], "list-order"),
}


def refused(files: Sequence[Listed]) -> tuple[str, str, str] | None:
    try:
        check_listing(replace(SAID, files=list(files)), FILES)
    except RecordError as wrong:
        return wrong.code, wrong.where, wrong.says
    return None


def test_page_and_program_refuse_a_list_at_the_same_file_for_the_same_reason(node: Page) -> None:
    digests = {path: sha256(content).hexdigest() for path, content in FILES.items()}
    cases = [
        {"files": [*FILES.items()], "listed": [msgspec.to_builtins(each) for each in files], "digests": digests}
        for files, _ in CASES.values()
    ]
    for (name, (files, word)), found in zip(CASES.items(), node.ask("listings", cases=cases), strict=True):
        ours = refused(files)
        assert (found is None) == (ours is None) == (not word), name
        if ours:
            assert found == [ours[0], ours[1], word], name
            assert WORDS[word] in ours[2], name
