"""Parse untrusted XML with the expat of the standard library, within bounds.

A document type declaration can bring external entities (XXE) and nested entities (billion laughs). Delivery evidence
has none, so reading ends at the first one. Size, depth, number of elements and length of names are bounded. Expat
repeats the namespace for each element and attribute, so a long namespace is searched for first. Expat reads UTF-8
whatever encoding the document declares, so that none can hide from that search.

defusedxml uses the same parser and has none of these bounds but the refusal of declarations.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

from cli.exit_codes import Exit, Stop

LARGEST = 1 << 21  # bytes; evidence is a few kilobytes, its signatures and certificates a hundred
DEEPEST = 64
MOST = 20_000  # elements, and attributes
LONGEST = 1_000  # characters of a namespace, and of a name with it
_LONG_SPACE = re.compile(rb"xmlns[^=<>]*=\s*(?:\"[^\"]{%d}|'[^']{%d})" % (LONGEST, LONGEST))


@dataclass(slots=True)
class Element:
    """An element: namespace, local name, attributes, the text directly in it, children."""

    space: str
    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    children: list[Element] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Return the text directly in the element, with white space trimmed and collapsed."""
        return " ".join("".join(self.texts).split())

    def find(self, *path: str) -> Element | None:
        """Return the first element along a path of local names; None if there is none."""
        here = self
        for name in path:
            below = next((child for child in here.children if child.name == name), None)
            if below is None:
                return None
            here = below
        return here

    def all(self, name: str) -> list[Element]:
        """Return every descendant with this local name, in document order."""
        elements: list[Element] = []
        waiting = self.children[::-1]
        while waiting:
            here = waiting.pop()
            elements += [here] if here.name == name else []
            waiting += here.children[::-1]
        return elements

    def text_at(self, *path: str) -> str:
        """Return the text of the element at a path; empty if there is none."""
        element = self.find(*path)
        return element.text if element else ""


def parse(data: bytes, name: str) -> Element:
    """Return the root element of an XML document; `Stop` (undecidable) if it is no XML or breaks a bound."""
    if len(data) > LARGEST:
        raise Stop(f"{name}: {len(data)} bytes are too many for evidence of a delivery", code=Exit.UNDECIDABLE)
    if b"\0" in data:  # UTF-16, which expat would detect
        raise Stop(f"{name}: not XML in UTF-8", code=Exit.UNDECIDABLE)
    if _LONG_SPACE.search(data):
        raise Stop(f"{name}: a namespace of more than {LONGEST} characters", code=Exit.UNDECIDABLE)
    top = Element("", "")
    path = [top]
    met = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal met
        if len(path) > DEEPEST:
            raise Stop(f"{name}: elements lie more than {DEEPEST} deep in each other", code=Exit.UNDECIDABLE)
        met += 1 + len(attributes)
        if met > MOST:
            raise Stop(f"{name}: more than {MOST} elements and attributes", code=Exit.UNDECIDABLE)
        if max(map(len, (tag, *attributes))) > LONGEST:
            raise Stop(f"{name}: a name of more than {LONGEST} characters", code=Exit.UNDECIDABLE)
        space, _, local = tag.rpartition(" ")
        element = Element(sys.intern(space), sys.intern(local), attributes)
        path[-1].children.append(element)
        path.append(element)

    def refuse(*_: object) -> NoReturn:
        hint = "evidence of a delivery has none, and it is how XML is made to read other files or to grow without end"
        raise Stop(f"{name}: it declares a document type, so it is not read", hint=hint, code=Exit.UNDECIDABLE)

    parser = expat.ParserCreate("UTF-8", namespace_separator=" ")
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda tag: path.pop()
    parser.CharacterDataHandler = lambda text: path[-1].texts.append(text)
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError) as error:
        raise Stop(f"{name}: not XML in UTF-8: {error}", code=Exit.UNDECIDABLE) from None
    return top.children[0]
