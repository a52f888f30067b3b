"""An order as a CASE/UCO 1.5 graph in JSON-LD: one investigative action for each entry, provenance for custody.

For tools that read CASE; it is a view and proves nothing. A graph that conforms is well-formed and no more:
whether custody holds is for the custody report. Names are derived from the record, so the same record gives the
same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import orjson

from ledger.entries.case import Case, Entry, wire
from ledger.law import Judgement
from projections.sentences.names import names_of
from projections.views.custody import CustodyStep, custody
from projections.views.exhibit_digests import Digest
from projections.views.replaced import Replacement
from projections.views.timeline import TimelineEntry, timeline

Node = dict[str, Any]

CONTEXT = {
    "case-investigation": "https://ontology.caseontology.org/case/investigation/",
    "uco-action": "https://ontology.unifiedcyberontology.org/uco/action/",
    "uco-core": "https://ontology.unifiedcyberontology.org/uco/core/",
    "uco-identity": "https://ontology.unifiedcyberontology.org/uco/identity/",
    "uco-observable": "https://ontology.unifiedcyberontology.org/uco/observable/",
    "uco-tool": "https://ontology.unifiedcyberontology.org/uco/tool/",
    "uco-types": "https://ontology.unifiedcyberontology.org/uco/types/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
BRINGS = ("data-disclosed", "data-transmitted-by-state")  # here a file enters the story; later steps act on it


@dataclass(frozen=True, slots=True)
class SignedEntry:
    """Hold the signed bytes of an entry: their SHA-256 in hex, their size in bytes."""

    sha256: str
    size: int


def case_uco(
    case: Case, judgement: Judgement, signed: Mapping[str, SignedEntry], origin: str, tool: str, *, reveal: bool = False
) -> bytes:
    """Return the graph of a case as known at the judgement's moment.

    `signed` describes the bytes of each entry, by leaf hash; `origin` is the log's, `tool` the program and its
    version. Files are named with their digests where they are revealed, and counted where they are not.
    """
    graph = _Graph(case, origin, tool, signed, reveal)
    nodes = [*graph.all(timeline(case, judgement.trail, at=judgement.as_of), custody(case, judgement.as_of))]
    document = {"@context": {**CONTEXT, "kb": graph.base}, "@graph": nodes}
    return orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n"


class _Graph:
    def __init__(self, case: Case, origin: str, tool: str, signed: Mapping[str, SignedEntry], reveal: bool) -> None:
        self.case, self.tool, self.signed, self.reveal = case, tool, signed, reveal
        self.base = f"https://{origin}/case/"
        self.names = names_of(case).offices
        self.hands: Mapping[str, CustodyStep] = {}

    def all(self, lines: Sequence[TimelineEntry], hands: Sequence[CustodyStep]) -> Iterator[Node]:
        """Yield every node: the order and its participants first, then entry by entry."""
        self.hands = {hand.entry.leaf: hand for hand in hands}
        body = [self.tool_(), *self.offices(lines), *self.authorizations(lines), *self.steps(lines, self.hands)]
        authorized = [{"@id": n["@id"]} for n in body if n["@type"] == "case-investigation:Authorization"]
        yield {
            "@id": self.id("investigation", self.case.order),
            "@type": "case-investigation:Investigation",
            "uco-core:name": next(
                (e.get("reference") for e in self.case.entries if e.get("reference")), self.case.order
            ),
            "case-investigation:investigationForm": "case",
            **({"case-investigation:relevantAuthorization": authorized} if authorized else {}),
            "uco-core:object": [{"@id": n["@id"]} for n in body],
        }
        yield from body

    def id(self, what: str, *names: str) -> str:
        """Return the name of a node, derived from what it represents."""
        return f"kb:{what}-{uuid5(NAMESPACE_URL, '/'.join((self.base, what, *names)))}"

    def tool_(self) -> Node:
        name, _, version = self.tool.partition(" ")
        return {
            "@id": self.id("tool", self.tool),
            "@type": "uco-tool:Tool",
            "uco-core:name": name,
            "uco-tool:version": version,
        }

    def parties(self, e: Entry) -> tuple[str, ...]:
        """Return who gave and who took the data in a step of custody, as actors."""
        hand = self.hands.get(e.leaf)
        return () if hand is None else hand.parties

    def offices(self, lines: Sequence[TimelineEntry]) -> Iterator[Node]:
        offices = (x for line in lines for x in (line.entry.actor, line.entry.by, *self.parties(line.entry)))
        for actor in dict.fromkeys(x for x in offices if x):
            yield {
                "@id": self.id("office", actor),
                "@type": "uco-identity:Organization",
                "uco-core:name": self.names.get(actor, actor),
            }

    def authorizations(self, lines: Sequence[TimelineEntry]) -> Iterator[Node]:
        for e in (line.entry for line in lines if line.entry.kind == "order-issued"):
            yield {
                "@id": self.id("authorization", e.leaf),
                "@type": "case-investigation:Authorization",
                "case-investigation:authorizationType": self.case.instrument,
                "case-investigation:authorizationIdentifier": e.get("reference") or self.case.order,
                "uco-core:startTime": _time(e.on),
            }

    def steps(self, lines: Sequence[TimelineEntry], held: Mapping[str, CustodyStep]) -> Iterator[Node]:
        before: str | None = None
        ids: set[str] = set()
        current: list[str] = []  # the files as the step before left them
        for line in lines:
            e = line.entry
            yield self.entry(e)
            results, objects = [self.id("entry", e.leaf)], list(current)
            if (hand := held.get(e.leaf)) is not None:
                files = [*self.files(hand)]
                yield from (f for f in files if f["@id"] not in ids and not ids.add(f["@id"]))  # type: ignore[func-returns-value]
                here = list(dict.fromkeys(str(f["@id"]) for f in files)) or current
                if e.kind in BRINGS or not current:
                    results, objects = results + here, []
                else:
                    results += [f for f in here if f not in current]
                current = current if hand.replaced else here
                record = self.record(hand, here)
                yield record
                results.append(record["@id"])
            action = self.action(line, before, objects if hand is not None else [], results)
            yield action
            before = action["@id"]

    def entry(self, e: Entry) -> Node:
        """Return the signed entry as a node: the digest is of its bytes, its description has the leaf hash."""
        signed = self.signed[e.leaf]
        return {
            "@id": self.id("entry", e.leaf),
            "@type": "uco-observable:ObservableObject",
            "uco-core:name": f"entry {e.index} of the log",
            "uco-core:description": f"RFC 6962 leaf hash {e.leaf}",
            "uco-core:hasFacet": [
                self.content(
                    e.leaf,
                    Digest("", signed.size, signed.sha256, None),
                    "application/vnd.comity.event.v1+json",
                )
            ],
        }

    def content(self, of: str, file: Digest, media: str = "") -> Node:
        algorithm, _, other = (file.digest or "").partition(":")
        hashes = [
            {
                "@id": self.id("hash", of, method),
                "@type": "uco-types:Hash",
                "uco-types:hashMethod": method,
                "uco-types:hashValue": {"@type": "xsd:hexBinary", "@value": value},
            }
            for method, value in (("SHA256", file.sha256), ("SHA512", file.sha512), (algorithm.upper(), other))
            if value
        ]
        return {
            "@id": self.id("content", of),
            "@type": "uco-observable:ContentDataFacet",
            **({"uco-observable:mimeType": media} if media else {}),
            **({} if file.size is None else {"uco-observable:sizeInBytes": file.size}),
            **({"uco-observable:hash": hashes} if hashes else {}),
        }

    def files(self, hand: CustodyStep) -> Iterator[Node]:
        """Yield the files of a step: one node for one name and digest, so that a changed file is another node."""
        for n, d in enumerate(hand.files):
            yield self.file(d) if self.reveal else self.closed(n)

    def file(self, d: Digest) -> Node:
        of = d.sha256 or d.sha512 or d.digest or d.name
        name = {
            "@id": self.id("name", d.name, of),
            "@type": "uco-observable:FileFacet",
            "uco-observable:fileName": d.name,
        }
        return {
            "@id": self.id("file", d.name, of),
            "@type": "uco-observable:File",
            "uco-core:hasFacet": [
                *([name] if d.name else []),
                self.content(f"{d.name}/{of}", d),
            ],
        }

    def closed(self, n: int) -> Node:
        return {
            "@id": self.id("file", self.case.order, str(n)),
            "@type": "uco-observable:File",
            "uco-core:description": "A file whose name and digests are sealed.",
        }

    def record(self, hand: CustodyStep, files: Sequence[str]) -> Node:
        exhibit = hand.exhibit
        about = [*files, *([] if files else [self.id("entry", hand.entry.leaf)])]
        return {
            "@id": self.id("provenance", hand.entry.leaf),
            "@type": "case-investigation:ProvenanceRecord",
            **({"case-investigation:exhibitNumber": exhibit} if exhibit else {}),
            "uco-core:description": f"{hand.says}{self.put_right(hand.replaced)}",
            "uco-core:object": [{"@id": x} for x in about],
        }

    def put_right(self, gone: Replacement | None) -> str:
        """Return what follows the sentence of an entry that was replaced."""
        return "" if gone is None else f" {gone.line(f'entry {gone.entry.index} of the log')}"

    def action(self, line: TimelineEntry, before: str | None, objects: Sequence[str], made: Sequence[str]) -> Node:
        e = line.entry
        others = dict.fromkeys(x for x in (e.by, *self.parties(e)) if x != e.actor)
        return {
            "@id": self.id("action", e.leaf),
            "@type": "case-investigation:InvestigativeAction",
            "uco-core:name": e.kind,
            "uco-core:description": f"{line.says}{self.put_right(line.replaced)}",
            "uco-action:startTime": _time(e.on),
            "uco-action:endTime": _time(e.on),
            "uco-action:performer": {"@id": self.id("office", e.actor)},
            **({"uco-action:participant": [{"@id": self.id("office", x)} for x in others]} if others else {}),
            "uco-action:instrument": {"@id": self.id("tool", self.tool)},
            **({"uco-action:object": [{"@id": x} for x in objects]} if objects else {}),
            "uco-action:result": [{"@id": x} for x in made],
            **({"case-investigation:wasInformedBy": {"@id": before}} if before else {}),
        }


def _time(moment: datetime) -> Node:
    return {"@type": "xsd:dateTime", "@value": wire(moment)}
