"""Read an HI-1 message in XML (ETSI TS 103 120) as the JSON of the same standard, which the importer takes.

The JSON has one member for each element: the prefix of its namespace and its local name. An element that may come
several times is a list. Attributes but `xsi:type` carry nothing that is read.
"""

from __future__ import annotations

import json
import re
from typing import Any, Final

from cli.exit_codes import Exit, Stop
from cli.imports.safe_xml import Element, parse
from projections.exchange.hi1_writer import AUTHORISATION, DISCLOSURE, DOCUMENT, NOTIFICATION, PRESERVATION

_SPACE: Final = re.compile(r"http://uri\.etsi\.org/03120/common/[0-9]{4}/[0-9]{2}/([A-Za-z]+)")
_PREFIX: Final = {
    "Core": "",
    "Common": "common:",
    "Authorisation": "auth:",
    "Task": "task:",
    "Document": "doc:",
    "Notification": "notification:",
}
_TYPES: Final = {
    name.rpartition("}")[2]: name for name in (AUTHORISATION, DISCLOSURE, DOCUMENT, NOTIFICATION, PRESERVATION)
}
_LISTS: Final = frozenset(
    "ActionRequest AssociatedObject AuthorisationApprovalDetails CSPID AuthorisationFlag RequestValue RequestSubtype"
    " DocumentProperty AssociatedObjectStatus".split()
)
_TRUE: Final = frozenset(("ApprovalIsEmergency",))  # elements of xs:boolean that are read
_TYPE: Final = "http://www.w3.org/2001/XMLSchema-instance type"


def is_xml(data: bytes) -> bool:
    """Return True if a file begins as XML does."""
    return data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"


def as_json(data: bytes, name: str) -> bytes:
    """Return a message in XML as JSON; `Stop` (undecidable) if it is no HI-1 message, or breaks a bound."""
    root = parse(data.removeprefix(b"\xef\xbb\xbf"), name)
    if root.name != "HI1Message" or _prefix(root) != "":
        says = f"{name}: its root is {root.name!r} of {root.space or 'no namespace'}, and no HI-1 message"
        raise Stop(says, hint="HI1Message of ETSI TS 103 120", code=Exit.UNDECIDABLE)
    return json.dumps(_value(root), ensure_ascii=False).encode()


def _prefix(element: Element) -> str | None:
    found = _SPACE.fullmatch(element.space)
    return _PREFIX.get(found[1]) if found else None


def _value(element: Element) -> Any:
    """Return an element as JSON: an object of its children, or its text."""
    kind = element.attributes.get(_TYPE, "").rpartition(":")[2]
    if not element.children and not kind:
        text = "".join(element.texts).strip()
        return text in ("true", "1") if element.name in _TRUE else text
    members: dict[str, Any] = {"@xsi:type": _TYPES.get(kind, kind)} if kind else {}
    for child in element.children:
        prefix = _prefix(child)
        name = f"{child.space}}}{child.name}" if prefix is None else f"{prefix}{child.name}"
        if child.name in _LISTS:
            members.setdefault(name, []).append(_value(child))
        else:
            members[name] = _value(child)
    return members
