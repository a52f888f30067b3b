"""Every part of a token, changed in its form with all lengths right: page and program take or refuse it alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

import pytest

from tests.browser.check.test_tokens import both, real
from tests.browser.support.node import Page
from tests.browser.support.token_cases import P384, PLAIN, Case, under_root
from tests.support.tokens import der

pytestmark = pytest.mark.browser


class Node(NamedTuple):
    """One value of DER: its tag, and its parts or its content."""

    tag: int
    parts: tuple[Node, ...] | None
    content: bytes = b""

    @property
    def whole(self) -> bytes:
        return der(self.tag, self.content if self.parts is None else b"".join(part.whole for part in self.parts))


def read(data: bytes) -> tuple[Node, ...]:
    """Return the values in these bytes; what is primitive has no parts."""
    found, at = [], 0
    while at < len(data):
        tag, size, begin = data[at], data[at + 1], at + 2
        if size >= 0x80:
            begin += size - 0x80
            size = int.from_bytes(data[at + 2 : begin])
        body = data[begin : begin + size]
        found.append(Node(tag, read(body)) if tag & 0x20 else Node(tag, None, body))
        at = begin + size
    return tuple(found)


NULL = Node(5, None)


def changes(node: Node) -> Iterator[tuple[str, tuple[Node, ...]]]:
    """Yield what may be in the place of a value."""
    yield "left out", ()
    yield "twice", (node, node)
    yield "another tag", (node._replace(tag=node.tag ^ 1),)
    yield "of another class", (node._replace(tag=node.tag ^ 0x80),)
    yield "before nothing", (node, NULL)
    if node.parts is None:
        yield "empty", (node._replace(content=b""),)
        yield "longer", (node._replace(content=node.content + b"\0"),)
        yield "padded", (node._replace(content=b"\0" + node.content),)
        yield "negative", (node._replace(content=b"\xff" + node.content),)
        yield "shorter", (node._replace(content=node.content[:-1]),)
        yield (
            "last bit",
            (node._replace(content=node.content[:-1] + bytes((node.content[-1] ^ 1,) if node.content else ())),),
        )
        yield (
            "first bit",
            (node._replace(content=bytes((node.content[0] ^ 0x80,) if node.content else ()) + node.content[1:]),),
        )
    else:
        yield "empty", (node._replace(parts=()),)
        yield "with nothing at its end", (node._replace(parts=(*node.parts, NULL)),)
        yield "with a whole number at its end", (node._replace(parts=(*node.parts, Node(2, None, b"\1"))),)
        yield "backwards", (node._replace(parts=node.parts[::-1]),)


def changed(node: Node, place: str = "") -> Iterator[tuple[str, tuple[Node, ...]]]:
    """Yield what may be in the place of a value in which one part is changed, with the name of the change."""
    for name, made in changes(node):
        yield f"{place} {name}", made
    for n, part in enumerate(node.parts or ()):
        for name, made in changed(part, f"{place}.{n}"):
            yield name, (node._replace(parts=(*(node.parts or ())[:n], *made, *(node.parts or ())[n + 1 :])),)


CASES: dict[str, tuple[int, Case]] = {  # with how many are refused by both under different codes
    "with an accuracy": (15, under_root(PLAIN, accuracy=timedelta(seconds=3, milliseconds=4, microseconds=5))),
    "without certificates": (3, under_root(P384, certificates=(), trusted=P384.root.pem + P384.pem)),
    "of a real authority": (7, real()[5]),
}


@pytest.mark.parametrize("name", CASES)
def test_a_token_with_one_part_changed_in_its_form_holds_in_both_or_in_neither(node: Page, name: str) -> None:
    known, (reply, data, trusted) = CASES[name]
    (whole,) = read(reply)
    assert whole.whole == reply
    seen: Counter[str] = Counter()
    apart = []
    for what, made in changed(whole):
        theirs, ours = both(node, (b"".join(each.whole for each in made), data, trusted))
        seen["held" if isinstance(ours, list) else ours] += 1
        if ours != theirs:
            assert isinstance(ours, str), f"{what}: the page takes what is {theirs} to the program"
            assert isinstance(theirs, str), f"{what}: {ours}, and the program takes it"
            apart.append((what, theirs, ours))
    assert seen["held"] > 10, seen
    assert seen["TST-FORMAT"] > 200, seen
    assert len(apart) <= known, apart
