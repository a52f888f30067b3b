"""An HI-1 message in XML gives the rows of the same message in JSON."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any

import pytest

from cli.exit_codes import Exit
from cli.imports.hi1_xml import as_json, is_xml
from projections.exchange.hi1_reader import rows_of
from projections.exchange.hi1_writer import hi1
from tests.support.cli import ledger_of, reply, run
from tests.support.story_files import STORY_NAMES, cases

BASE = "http://uri.etsi.org/03120/common"
SPACES = {
    "core": f"{BASE}/2019/10/Core",
    "common": f"{BASE}/2016/02/Common",
    "auth": f"{BASE}/2020/09/Authorisation",
    "task": f"{BASE}/2020/09/Task",
    "doc": f"{BASE}/2020/09/Document",
    "notification": f"{BASE}/2016/02/Notification",
    "comity": "urn:example:comity",
}


def xml_of(message: dict[str, Any]) -> str:
    """Write the JSON of a message as XML, each prefix as its namespace."""
    spaces = " ".join(f'xmlns:{name}="{space}"' for name, space in SPACES.items())
    inner = "".join(_element(name, value) for name, value in message.items() if not name.startswith("@"))
    instance = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    return f'<?xml version="1.0" encoding="UTF-8"?><core:HI1Message {spaces} {instance}>{inner}</core:HI1Message>'


def _element(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(_element(name, each) for each in value)
    tag = name if ":" in name else f"core:{name}"
    if isinstance(value, bool):
        return f"<{tag}>{'true' if value else 'false'}</{tag}>"
    if not isinstance(value, dict):
        return f"<{tag}>{escape(str(value))}</{tag}>"
    kind = value.get("@xsi:type", "").rpartition("}")[2]
    typed = f' xsi:type="any:{kind}"' if kind else ""
    inner = "".join(_element(each, of) for each, of in value.items() if not each.startswith("@"))
    return f"<{tag}{typed}>{inner}</{tag}>"


@pytest.mark.parametrize("story", [name for name in STORY_NAMES if name.startswith("S")][:6])
def test_a_message_in_xml_gives_the_rows_of_its_json(story: str) -> None:
    for case in cases(story).values():
        raw, _ = hi1(case, reveal=True)
        if raw:
            written = xml_of(json.loads(raw)).encode()
            assert is_xml(written)
            assert rows_of(as_json(written, "m.xml"), "2AP-7") == rows_of(raw, "2AP-7")


def test_a_message_in_xml_is_imported(tmp_path: Path) -> None:
    ledger, file = ledger_of("S1", tmp_path), tmp_path / "m.xml"
    raw, _ = hi1(next(iter(cases("S1").values())), reveal=True)
    message = xml_of(json.loads(raw)).replace("</auth:AuthorisationLegalType>",
        "</auth:AuthorisationLegalType><auth:AuthorisationReference>X-1</auth:AuthorisationReference>")  # fmt: skip
    file.write_text(message, encoding="utf-8")
    answer = reply("import", "hi1", str(file), "--as", "ilves", "--role", "ISS", "--unregistered", ledger=ledger)
    assert answer["recorded"] > 1


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"<a/>", "no HI-1 message"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "declares a document type"),
        (b"<HI1Message", "not XML in UTF-8"),
        (f'<HI1Message xmlns="{SPACES["core"]}"/>'.encode(), "not an HI-1 message with requests"),
    ],
)
def test_xml_that_is_no_message_is_refused(data: bytes, says: str, tmp_path: Path) -> None:
    (tmp_path / "m.xml").write_bytes(data)
    done = run("import", "hi1", str(tmp_path / "m.xml"), "--as", "ilves", ledger=ledger_of("S1", tmp_path))
    assert done.exit_code == Exit.UNDECIDABLE
    assert says in done.stderr
