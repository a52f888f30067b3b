"""`comity import letters`: record each file of a folder of scanned letters by its digest; the files stay there."""

from __future__ import annotations

import io
import json
import os
import re
import uuid
from collections.abc import Mapping
from typing import Any

import click

from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.session.local_time import MOMENT
from cli.session.options import AS, KEY, ROLE
from cli.terminal import output

SIDECAR = "letters.csv"

_DOCUMENTED = "order-received, customer-notified, additional-information-provided and others rest on a document"


@command(
    "comity import letters scans/ --order PPO-2026-123 --kind order-received --whose skylark --as ilves",
    "comity import letters scans/ --order PPO-2026-123 --as archive        (scans/letters.csv says what each is)",
)
@click.argument("folder")
@click.option("--order", required=True, metavar="ORDER", help="The order the letters belong to.")
@click.option("--kind", metavar="KIND", help="What the letters show, where letters.csv does not say it of one.")
@click.option("--on", type=MOMENT, help="When, where neither letters.csv nor the file's name says it.")
@click.option("--whose", metavar="ACTOR", help="Whose act they show, where letters.csv does not say it.")
@click.option("--zone", metavar="ZONE", default="UTC", help="Where times without an offset are meant (default UTC).")
@click.option("--field", "-f", "fields", multiple=True, metavar="NAME=VALUE", help="A field they all share.")
@AS
@ROLE
@KEY
@click.option("--dry-run", is_flag=True, help="Check every letter; record nothing.")
def letters(
    folder: str,
    order: str,
    kind: str | None,
    on: Any,
    whose: str | None,
    zone: str,
    fields: tuple[str, ...],
    actor: str | None,
    role: str | None,
    key_file: str | None,
    dry_run: bool,
) -> Exit:
    """Record every file in FOLDER as a fact of ORDER taken over from paper, with its digest, all or none.

    letters.csv in the folder may say of each file what it shows: columns file, kind, occurred, actor and any field. A
    letter of which only the day is known is placed at noon, as an estimate; `2026-03-01 reply.pdf` says its day.
    """
    from cli.imports.delivery import documents
    from cli.imports.import_report import ImportOptions
    from cli.imports.import_run import import_table
    from cli.session.open_ledger import case, find, writing

    names = _scans(folder)
    sidecar = _sidecar(folder, names)
    with writing() as journal:
        order_case = case(journal, find(journal, order))
    entries = documents(order_case)
    shared = {"kind": kind, "actor": whose, "occurred": output.plain(on) if on else None, **pairs(fields)}
    table, read = io.BytesIO(), []
    for name in names:
        row = {**{k: v for k, v in shared.items() if v}, **sidecar.get(name, {})}
        document = _document(os.path.join(folder, name))
        if (recorded := entries.get(document["sha256"])) is not None:
            output.tell(f"{name}: on record already, {recorded.kind}, entry #{recorded.seq}")
            continue
        row = {"order": order_case.order, "id": uuid.uuid4().hex, **_dated(row, name), **_placed(row, document, name)}
        table.write(json.dumps(row, ensure_ascii=False).encode() + b"\n")
        read.append(name)
    options = ImportOptions(folder, "jsonl", actor, role, key_file, zone, None, max(20, len(read)), tuple(read))
    return import_table(table, options, dry_run=dry_run)


def _scans(folder: str) -> list[str]:
    """Return the names of the files in a folder, sorted, without hidden files and folders."""
    if not os.path.isdir(folder):
        raise Stop(f"{folder} is not a folder", code=Exit.UNDECIDABLE)
    names = []
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.name.startswith(".") or entry.name == SIDECAR:
            continue
        if entry.is_file(follow_symlinks=False):
            names.append(entry.name)
        else:
            output.tell(f"{entry.name} is passed over: it is no file")
    if not names:
        raise Stop(f"there is no letter in {folder}", code=Exit.UNDECIDABLE)
    return names


def _sidecar(folder: str, names: list[str]) -> dict[str, dict[str, Any]]:
    """Return the row of each file in letters.csv; `Stop` if it names an absent file, or one file twice."""
    from cli.imports.columns import column_of
    from cli.imports.tables import Source, TableRow, rows_of

    path = os.path.join(folder, SIDECAR)
    if not os.path.exists(path):
        return {}

    def known(name: str) -> str:
        return "file" if name.strip().lower() == "file" else column_of(name)

    rows: dict[str, dict[str, Any]] = {}
    with open(path, "rb") as stream:
        for row in rows_of(Source(stream, path), "csv", known=known):
            if not isinstance(row, TableRow):
                raise Stop(f"{path}: row {row[0].number}: {row[1][0].says}", hint=row[1][0].hint, code=Exit.REFUSED)
            name = str(row.cells.get("file", ""))
            if name not in names or name in rows:
                why = "is named twice" if name in rows else f"is not in {folder}"
                raise Stop(f"{path}: row {row.number}: {name or 'a row without a file'} {why}", code=Exit.REFUSED)
            rows[name] = {column: cell for column, cell in row.cells.items() if column != "file"}
    return rows


def pairs(fields: tuple[str, ...]) -> dict[str, str]:
    """Return the values of `name=value` options by their names; `Stop` for another form."""
    stated = [field.partition("=") for field in fields]
    if wrong := next((name for name, mark, _ in stated if not mark), None):
        raise Stop(f"--field {wrong}: this is name=value")
    return {name.strip().replace("-", "_"): value for name, _, value in stated}


def _dated(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Add the moment to a row: a day in the row, or at the start of the file name, becomes its noon, an estimate."""
    text = row.get("occurred") or next(iter(re.findall(r"^\d{4}-\d\d-\d\d(?!\d)", name)), "")
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return dict(row)
    return {**row, "occurred": f"{text}T12:00:00", "on_source": row.get("on_source") or "estimate"}


def _placed(row: Mapping[str, Any], document: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the document under the name of the field of the kind that takes one.

    `Stop` if the row states no kind, or a kind without such a field.
    """
    from ledger.facts import kind_of

    kind = row.get("kind")
    if not kind:
        hint = f"--kind for all of them, or a column kind in {SIDECAR}: {_DOCUMENTED}"
        raise Stop(f"what does {name} show?", hint=hint)
    places = [f.name for f in kind_of(kind).fields().values() if f.type == "document"]
    if not places:
        raise Stop(f"{name}: {kind} rests on no document", hint=_DOCUMENTED)
    place = next((p for p in places if row.get(p) in (name, "yes")), places[0])
    return {place: {"code": place.replace("_", "-"), **document}}


def _document(path: str) -> dict[str, Any]:
    from cli.session.field_values import digests
    from ledger.application.intake.letter import media_of

    ((size, sha256, _),) = digests([path])
    with open(path, "rb") as stream:
        begin = stream.read(4096)
    return {"media": media_of(begin), "size": size, "sha256": sha256}
