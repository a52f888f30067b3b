"""Make small workbooks of both forms by hand, with the parts that a test is about."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from html import escape

from ledger.application.intake.sheet_facts import letters
from ledger.application.intake.workbook_check import ODS

Cell = str | int | float | date | datetime | None

_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="xml" ContentType="application/xml"/>'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.'
    'spreadsheetml.sheet.main+xml"/></Types>'
)
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_STYLES = (  # style 1 is a date
    f'<styleSheet xmlns="{_MAIN}"><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/>'
    "</cellXfs></styleSheet>"
)
_TABLE = "urn:oasis:names:tc:opendocument:xmlns:table:1.0"


class Raw(str):
    """The XML of a cell, as it is; `{r}` is its place."""


def packed(parts: Mapping[str, str | bytes]) -> bytes:
    """Return a ZIP of these parts, deflated."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return made.getvalue()


def xlsx(
    sheets: Mapping[str, Sequence[Sequence[Cell]]],
    *,
    hidden: Sequence[str] = (),
    more: str = "",
    before: str = "",
    epoch_1904: bool = False,
    parts: Mapping[str, str] | None = None,
) -> bytes:
    """Return an .xlsx; `before` and `more` are XML before and after the rows of each sheet, `parts` further files."""
    names = list(sheets)
    book = ""
    for n, name in enumerate(names, 1):
        state = 'state="hidden" ' if name in hidden else ""
        book += f'<sheet name="{escape(name)}" sheetId="{n}" {state}r:id="rId{n}"/>'
    calendar = '<workbookPr date1904="1"/>' if epoch_1904 else ""
    made = {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="rId1" Type="{_OFFICE}/officeDocument" '
        'Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
        f"{calendar}<sheets>{book}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}">'
        + "".join(
            f'<Relationship Id="rId{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{n}.xml"/>'
            for n in range(1, len(names) + 1)
        )
        + f'<Relationship Id="rIdS" Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": _STYLES,
    }
    for n, name in enumerate(names, 1):
        rows = ""
        for r, row in enumerate(sheets[name], 1):
            cells = (_cell(cell, f"{letters(c)}{r}", epoch_1904) for c, cell in enumerate(row, 1))
            rows += f'<row r="{r}">{"".join(cells)}</row>'
        sheet = f'<worksheet xmlns="{_MAIN}">{before}<sheetData>{rows}</sheetData>{more}</worksheet>'
        made[f"xl/worksheets/sheet{n}.xml"] = sheet
    return packed({**made, **(parts or {})})


def _cell(cell: Cell, place: str, epoch_1904: bool) -> str:
    match cell:
        case None:
            return ""
        case Raw():
            return cell.replace("{r}", place)
        case str():
            return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(cell)}</t></is></c>'
        case date():
            at = cell if isinstance(cell, datetime) else datetime(cell.year, cell.month, cell.day)  # noqa: DTZ001
            start = datetime(1904, 1, 1) if epoch_1904 else datetime(1899, 12, 30)  # noqa: DTZ001
            return f'<c r="{place}" s="1"><v>{(at - start).total_seconds() / 86400}</v></c>'
        case _:
            return f'<c r="{place}"><v>{cell}</v></c>'


def ods(sheets: Mapping[str, Sequence[Sequence[Cell]]], *, hidden: Sequence[str] = ()) -> bytes:
    """Return an .ods."""
    tables = "".join(
        f'<table:table table:name="{escape(name)}" table:style-name="{"off" if name in hidden else "on"}">'
        + "".join(f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>" for row in rows)
        + "</table:table>"
        for name, rows in sheets.items()
    )
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text", "style")
    )
    styles = (
        '<office:automatic-styles><style:style style:name="off" style:family="table"><style:table-properties '
        'table:display="false"/></style:style></office:automatic-styles>'
    )
    content = (
        f"<office:document-content {spaces}>{styles}<office:body><office:spreadsheet>{tables}</office:spreadsheet>"
    )
    manifest = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'
    return packed(
        {
            "mimetype": ODS,
            "content.xml": f"{content}</office:body></office:document-content>",
            "META-INF/manifest.xml": manifest,
        }
    )


def _ods_cell(cell: Cell) -> str:
    match cell:
        case None:
            return "<table:table-cell/>"
        case Raw():
            return str(cell)
        case str():
            return f'<table:table-cell office:value-type="string"><text:p>{escape(cell)}</text:p></table:table-cell>'
        case date():
            return f'<table:table-cell office:value-type="date" office:date-value="{cell.isoformat()}"/>'
        case _:
            return f'<table:table-cell office:value-type="float" office:value="{cell}"/>'
