"""An HI-1 message in XML gives the rows of the same message in JSON."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any

import pytest

from cli.exit_codes import Exit, Stop
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


@pytest.mark.parametrize(
    ("space", "name", "taken"),
    [
        (SPACES["core"], "HI1Message", True),
        (f"{BASE}/2031/12/Core", "HI1Message", True),
        (SPACES["core"], "HI2Message", False),
        (SPACES["core"], "Header", False),
        (SPACES["task"], "HI1Message", False),
        (f"{BASE}/19/10/Core", "HI1Message", False),
        (f"{SPACES['core']}/x", "HI1Message", False),
        ("", "HI1Message", False),
    ],
)
def test_a_message_is_known_by_the_name_and_the_namespace_of_its_root(space: str, name: str, taken: bool) -> None:
    data = f'<{name} xmlns="{space}"/>'.encode()
    if taken:
        assert json.loads(as_json(data, "m.xml")) == ""
        return
    with pytest.raises(Stop) as stopped:
        as_json(data, "m.xml")
    says = f"m.xml: its root is {name!r} of {space or 'no namespace'}, and no HI-1 message"
    assert (stopped.value.message, stopped.value.hint) == (says, "HI1Message of ETSI TS 103 120")
    assert stopped.value.code is Exit.UNDECIDABLE


@pytest.mark.parametrize(
    ("inner", "member"),
    [
        ("<core:Header> a b\n</core:Header>", {"Header": "a b"}),
        ("<auth:X/>", {"auth:X": ""}),
        ("<comity:x>a</comity:x>", {"urn:example:comity}x": "a"}),
        ("<core:A>1</core:A><core:A>2</core:A>", {"A": "2"}),
        ("<auth:CSPID>1</auth:CSPID>", {"auth:CSPID": ["1"]}),
        ("<auth:CSPID>1</auth:CSPID><auth:CSPID>2</auth:CSPID>", {"auth:CSPID": ["1", "2"]}),
        ("<auth:ApprovalIsEmergency>true</auth:ApprovalIsEmergency>", {"auth:ApprovalIsEmergency": True}),
        ("<auth:ApprovalIsEmergency>1</auth:ApprovalIsEmergency>", {"auth:ApprovalIsEmergency": True}),
        ("<auth:ApprovalIsEmergency>false</auth:ApprovalIsEmergency>", {"auth:ApprovalIsEmergency": False}),
        ("<auth:Other>true</auth:Other>", {"auth:Other": "true"}),
        ('<core:A xsi:type="any:Odd"/>', {"A": {"@xsi:type": "Odd"}}),
        ("<core:A>text<core:B>b</core:B></core:A>", {"A": {"B": "b"}}),
    ],
)
def test_an_element_is_a_member_with_its_prefix_a_list_a_truth_or_its_text(inner: str, member: dict[str, Any]) -> None:
    shell = xml_of({})
    assert (
        json.loads(as_json(shell.replace("</core:HI1Message>", f"{inner}</core:HI1Message>").encode(), "m")) == member
    )


@pytest.mark.parametrize(
    ("data", "xml"),
    [(b"<a/>", True), (b"\xef\xbb\xbf <a/>", True), (b"\n<a/>", True), (b"{}", False), (b"", False), (b"x<", False)],
)
def test_a_file_is_xml_by_its_first_letter(data: bytes, xml: bool) -> None:
    assert is_xml(data) is xml
