"""`comity schema`: print the JSON Schema of each JSON document that Comity writes."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from inspect import cleandoc
from typing import Any

import click
from msgspec import UNSET, Struct, UnsetType
from msgspec.json import schema_components

from cli.click_extensions import command
from cli.exit_codes import Stop
from cli.terminal import output
from cli.terminal.answer import CommandAnswer
from ledger.command_line import quoted

DIALECT = "https://json-schema.org/draft/2020-12/schema"
PACKAGES = ("cli.commands", "cli.imports", "cli.imports.intake", "cli.reports", "cli.session", "cli.terminal")


class NamesFile(CommandAnswer, tag="comity.names/1"):
    """The file names.json of a ledger: the id of an order, by the name it was given."""

    orders: dict[str, str]


class StoryFile(CommandAnswer, tag="comity.story/1"):
    """The file story.json in the ledger of a story: its clock, the id of each order, the leaf hash of each entry."""

    story: str
    title: str
    clock: str
    orders: dict[str, str]
    entries: dict[str, dict[str, str]]


class ArchivedFileItem(Struct):
    """A file of an archive: its size in bytes, and the SHA-256 of its content in hex."""

    bytes: int
    sha256: str


class SegmentItem(Struct):
    """The file of the entries from `start` to before `end`: size in bytes, SHA-256, and root in hex.

    `reserved` is the number of its entries in the register and the map order.
    """

    bytes: int
    sha256: str
    start: int
    end: int
    root: str
    reserved: int


class ArchiveManifestFile(CommandAnswer, tag="comity.archive/1"):
    """The file archive.json of an archive: its entries, and all files; see docs/reference/formats/archive.md."""

    origin: str
    size: int
    root: str
    checkpoint: str
    test: bool
    states: ArchivedFileItem
    segments: list[SegmentItem]


class BackupListFile(CommandAnswer, tag="comity.backup-manifest/1"):
    """The file backup.json in a copy of a ledger: its entries, and all files; see docs/reference/formats/backup.md."""

    origin: str
    since: int
    since_root: str
    size: int
    root: str
    published: int
    files: dict[str, tuple[str, tuple[int, int, int, int]]]


class SplitViewFile(CommandAnswer, tag="comity.split-view/1"):
    """An exhibit: two notes of one log that contradict each other, with a consistency proof if their sizes differ."""

    says: str
    log: str
    one: str
    two: str
    began: str | UnsetType | None = UNSET
    path: list[str] | UnsetType = UNSET


class OmissionFile(CommandAnswer, tag="comity.omission/1"):
    """An exhibit: an entry with its proof, and another leaf that the log has at the same position."""

    says: str
    log: str
    entry: str
    proof: str
    leaf: str
    instead: str


class SplitOrderFile(CommandAnswer, tag="comity.split-order/1"):
    """An exhibit: two entries of one log, with their proofs, of which its own rules accept only one."""

    says: str
    log: str
    one: str
    one_proof: str
    two: str
    two_proof: str
    other_log: str | UnsetType = UNSET


class MapRootFile(CommandAnswer, tag="comity.map-root/1"):
    """An exhibit: an entry that commits to a wrong map of heads, its proof, and the entries that it covers."""

    says: str
    log: str
    entry: str
    proof: str
    path: list[str]
    entries: list[str]


class AbsenceLine(Struct, frozen=True):
    """A sealed entry with its place in the log and the path to the root of the checkpoint (base64)."""

    index: int
    entry: str
    path: list[str]


class AbsenceFile(CommandAnswer, tag="comity.absence/1"):
    """The proof that a log has no order of an id; see docs/reference/formats/absence.md."""

    says: str
    log: str
    order: str
    checkpoint: str
    absent: str
    registered: str
    commit: AbsenceLine
    register: list[AbsenceLine]


class DocumentItem(Struct, frozen=True):
    """One JSON document that Comity writes."""

    name: str
    says: str


class SchemasAnswer(CommandAnswer, tag="comity.schemas/1"):
    """The names of all JSON documents."""

    documents: list[DocumentItem]


@command("comity schema", "comity schema comity.verify/1", "comity schema orders > orders.schema.json")
@click.argument("name", required=False)
def schema(name: str | None) -> None:
    """Print the JSON Schema (draft 2020-12) of the document NAME; without NAME, list all documents.

    NAME is the `format` of the document. `comity.` and the version may be left out.
    """
    formats = documents()
    if name is None:
        items = [DocumentItem(each, _about(classes)) for each, classes in formats.items()]
        output.emit(SchemasAnswer(items), DocumentItem.__struct_fields__, items)
        return
    full = f"comity.{name.removeprefix('comity.')}"
    matches = [each for each in formats if full in (each, each.rpartition("/")[0])]
    if not matches:
        near = get_close_matches(full, formats, n=1)
        hint = f"`comity schema {quoted(near[0])}`?" if near else "`comity schema` lists them"
        raise Stop(f"no document is called {name!r}", hint=hint)
    output.page(output.dumps(schema_of(matches[-1])))


@cache
def documents() -> dict[str, list[type]]:
    """Return the classes of each document by its `format`, sorted by name.

    The answers of commands are found by importing every module that may define one.
    """
    for package in PACKAGES:
        for module in pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}."):
            importlib.import_module(module.name)
    classes: dict[str, list[type]] = {}
    for answer in _subclasses(CommandAnswer):
        tag = answer.__struct_config__.tag
        if isinstance(tag, str) and "/" in tag and answer.__module__.startswith("cli."):
            classes.setdefault(tag, []).append(answer)
    for name, more in _others():
        classes.setdefault(name, []).append(more)
    return dict(sorted(classes.items()))


def _subclasses(of: type[Struct]) -> Iterator[type[Struct]]:
    for each in of.__subclasses__():
        yield each
        yield from _subclasses(each)


def _others() -> Iterator[tuple[str, type]]:
    """Yield the documents that are no answer of a command: reports, a trust policy, findings, answers of the API."""
    from cli.commands.report import KINDS
    from ledger.application.intake.profile import FORMAT as PROFILE
    from ledger.application.intake.profile import Profile
    from ledger.bundle.findings import FORMAT as FINDINGS
    from ledger.bundle.findings import StatedFindings
    from ledger.trust.signed_policy import FORMAT, PolicyStatement
    from projections.render import html
    from projections.reports.fillable_form import FillableForm
    from server.documents import ApiAnswer

    for part in ("server.exchange", "server.files", "server.guests", "server.identity"):  # each defines more of them
        for module in pkgutil.iter_modules(importlib.import_module(part).__path__, f"{part}."):
            if module.name.endswith("documents"):
                importlib.import_module(module.name)
    for answer in ApiAnswer.__subclasses__():
        yield str(answer.__struct_config__.tag), answer
    yield FORMAT, PolicyStatement
    yield FINDINGS, StatedFindings
    yield PROFILE, Profile
    reports = {kind: report for report, kind in html.KINDS.items()}
    for kind in KINDS:
        yield f"comity.report-{kind}/1", reports.get(kind, FillableForm)


def schema_of(name: str) -> dict[str, Any]:
    """Return the JSON Schema of a document, by its full name; KeyError if there is none.

    Times are checked by a pattern, because a validator may ignore `format`. Fractions are texts in every document.
    """
    classes = documents()[name]
    refs, parts = schema_components(classes, ref_template="#/$defs/{name}")
    for each in classes:
        part = parts[each.__name__]
        part["properties"] = {"format": None, **part["properties"]} | {"format": {"const": name}}
        part["required"] = list(dict.fromkeys(["format", *part["required"]]))
    body = parts.pop(classes[0].__name__) if len(classes) == 1 else {"anyOf": list(refs)}
    head = {"$schema": DIALECT, "title": name, "description": _about(classes)}
    schema: dict[str, Any] = _checkable({**head, **{k: v for k, v in body.items() if k not in head}, "$defs": parts})
    return schema if parts else {k: v for k, v in schema.items() if k != "$defs"}


def _about(classes: list[type]) -> str:
    """Return the first paragraphs of the docstrings of classes, in one line."""
    return " Or: ".join(" ".join(str(each.__doc__).partition("\n\n")[0].split()) for each in classes)


TEXTS = {
    "date-time": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$"},
    "date": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\d$"},
    "duration": {"type": "string"},
}


def _checkable(part: Any, key: str = "") -> Any:
    match part:
        case list():
            return [_checkable(each) for each in part]
        case str() if key == "description":
            return cleandoc(part)
        case {"type": "number"}:
            return {"type": "string"}
        case {"type": "string", "format": form} if form in TEXTS:
            return TEXTS[form]
        case dict():
            return {name: _checkable(value, name) for name, value in part.items()}
        case _:
            return part
