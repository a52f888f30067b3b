"""Store local names of orders, in a file next to the log; the log itself has no trace of them.

`{"format": "comity.names/1", "orders": {name: order id}}`. The file may be deleted; references and ids do not
depend on it.
"""

from __future__ import annotations

import json
from pathlib import Path

from ledger.adapters.folders.user_folders import replace_file
from ledger.errors import LedgerError

NAMES = "names.json"


def names(folder: Path) -> dict[str, str]:
    """Return the local names of orders, name -> order id; `LedgerError` NAMES if the file cannot be read."""
    try:
        content = json.loads((folder / NAMES).read_text("utf-8"))
        return {str(name): str(order) for name, order in content["orders"].items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise LedgerError("NAMES", f"{folder / NAMES}: {error}", "it may be deleted; then the names are gone") from None


def give(folder: Path, order: str, name: str) -> None:
    """Give an order this name, in place of its earlier one."""
    orders = {other_name: other for other_name, other in names(folder).items() if other != order} | {name: order}
    text = json.dumps({"format": "comity.names/1", "orders": orders}, ensure_ascii=False, indent=2, sort_keys=True)
    replace_file(folder / NAMES, f"{text}\n".encode())
