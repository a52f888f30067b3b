"""Names that one ledger's users give its orders: a file beside the log, of which the log says nothing.

`{"format": "comity.names/1", "orders": {name: order id}}`. It may be deleted; references and ids stay what they are.
"""

from __future__ import annotations

import json
from pathlib import Path

from ledger.adapters.folders.user_folders import replace_file
from ledger.errors import LedgerError

NAMES = "names.json"


def names(folder: Path) -> dict[str, str]:
    """The names given in a ledger's folder, each with the id of its order; `LedgerError` NAMES if it cannot be read."""
    try:
        told = json.loads((folder / NAMES).read_text("utf-8"))
        return {str(name): str(order) for name, order in told["orders"].items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise LedgerError("NAMES", f"{folder / NAMES}: {error}", "it may be deleted; then the names are gone") from None


def give(folder: Path, order: str, name: str) -> None:
    """Give an order this name, instead of the one it was given before."""
    given = {known: other for known, other in names(folder).items() if other != order} | {name: order}
    text = json.dumps({"format": "comity.names/1", "orders": given}, ensure_ascii=False, indent=2, sort_keys=True)
    replace_file(folder / NAMES, f"{text}\n".encode())
