"""XML from strangers, read by the standard library's expat with everything refused that makes XML dangerous.

A document type declaration is where external entities (XXE) and entities within entities (billion laughs) come from,
and delivery evidence has none: at the first one reading ends. What is left is bounded in size and depth.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

from cli.exits import Exit, Stop

LARGEST = 1 << 24  # bytes; evidence is a few kilobytes
DEEPEST = 64


@dataclass(slots=True)
class Element:
    """An element: its namespace and local name, its attributes, the text directly in it, its children."""

    space: str
    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    children: list[Element] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text directly in it, without the white space around it and within it that only lays it out."""
        return " ".join("".join(self.texts).split())

    def find(self, *path: str) -> Element | None:
        """The first element down a path of local names; None if there is none."""
        here = self
        for name in path:
            below = next((child for child in here.children if child.name == name), None)
            if below is None:
                return None
            here = below
        return here

    def all(self, name: str) -> list[Element]:
        """Every element below with this local name, in the order of the document."""
        found: list[Element] = []
        waiting = self.children[::-1]
        while waiting:
            here = waiting.pop()
            found += [here] if here.name == name else []
            waiting += here.children[::-1]
        return found

    def said(self, *path: str) -> str:
        """The text at the end of a path; empty if it is not there."""
        there = self.find(*path)
        return there.text if there else ""


def parse(data: bytes, name: str) -> Element:
    """The root element of an XML document; `Stop` (undecidable) if it is none, or one that nobody should read."""
    if len(data) > LARGEST:
        raise Stop(f"{name}: {len(data)} bytes are too many for evidence of a delivery", code=Exit.UNDECIDABLE)
    top = Element("", "")
    path = [top]

    def start(tag: str, attributes: dict[str, str]) -> None:
        if len(path) > DEEPEST:
            raise Stop(f"{name}: elements lie more than {DEEPEST} deep in each other", code=Exit.UNDECIDABLE)
        space, _, local = tag.rpartition(" ")
        element = Element(space, local, attributes)
        path[-1].children.append(element)
        path.append(element)

    def refuse(*_: object) -> NoReturn:
        hint = "evidence of a delivery has none, and it is how XML is made to read other files or to grow without end"
        raise Stop(f"{name}: it declares a document type, so it is not read", hint=hint, code=Exit.UNDECIDABLE)

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda tag: path.pop()
    parser.CharacterDataHandler = lambda text: path[-1].texts.append(text)
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.ExternalEntityRefHandler = refuse
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:  # the last two: an encoding nobody reads
        raise Stop(f"{name}: not XML: {error}", code=Exit.UNDECIDABLE) from None
    return top.children[0]
