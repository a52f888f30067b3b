"""`comity orders`: every order and the state it is in."""

from __future__ import annotations

from datetime import datetime

from cli.click_extensions import command
from cli.exit_codes import Exit
from cli.session.docket import docket_rows
from cli.session.options import AS_OF
from cli.terminal import output


@command("comity orders", "comity orders --json", refused=Exit.UNDECIDABLE)
@AS_OF
def orders(as_of: datetime | None) -> None:
    """Every order and the state it is in."""
    found, _ = docket_rows(as_of)
    columns = ("ref", "order", "label", "name", "instrument", "state")
    document = {"orders": [{c: o[c] for c in columns} for o in found]}
    rows = [(o["name"] or o["ref"] or o["label"] or "", o["order"], o["instrument"], o["state"]) for o in found]
    output.emit("orders", document, ("ref", "order", "instrument", "state"), rows)
