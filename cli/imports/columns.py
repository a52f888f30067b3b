"""The columns of a table, common columns and fields of kinds, and the parsers of the cells of common columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cli.imports.tables import Wrong
from ledger.command_line import quoted
from ledger.entries.form import BY_COMMAND, check_by_hand
from ledger.entries.keyring import REGISTRY_ONLY
from ledger.facts import KINDS, kind_of, meant
from ledger.facts.value_forms import FormError, check
from ledger.facts.value_types import Actor, Text, form_of

COLUMNS = {
    "order": "the order's reference; where no order has it, this row opens one",
    "kind": "what has happened: a kind of the vocabulary",
    "occurred": "when, with its offset or Z (or --zone)",
    "actor": "whose act it is; empty: the signer's own",
    "signer": "who signs; empty: --as",
    "role": "in which role, where the signer has several that fit",
    "speaks": "import (if empty), observation or act",
    "on_source": "what the time rests on; empty: own-act, or other-party for somebody else's act",
    "instrument": "of a new order, where its first row is not order-issued",
    "label": "a name by which later rows of the order speak of this one",
    "replaces": "an earlier entry of the signer that this one puts right: a label, #3, a leaf hash",
    "why": "why it is put right; every row that replaces an entry says it",
    "audience": "who may read a sealed field instead: FIELD=ROLES, one on each line",
    "version": "yes: the order is issued already, and this row is a new version of it",
    "unregistered": "yes: the row may name offices and Parties that no register knows",
    "lookalike": "yes: the reference is meant, though one in other letters looks the same",
    "subject": "whose data its sealed values hold: NAME, or FIELD=NAME, one on each line; empty: the target's",
    "id": "what is this row's own, such as its number with you; empty: what it says in public",
}
NEEDED = ("order", "kind", "occurred")
IMPORTED = {name: kind for name, kind in KINDS.items() if name not in REGISTRY_ONLY | BY_COMMAND.keys()}
_WHO, _LINES = form_of(Actor), form_of(Text)
FIELDS = frozenset(f for kind in (*IMPORTED, *BY_COMMAND) for f in KINDS[kind].fields())


def column_of(name: str) -> str:
    """Return the name of a column: one of `COLUMNS`, or a field of some kind; `Wrong` for any other."""
    column = name.strip().lower().replace(" ", "_").replace("-", "_")
    if column in COLUMNS or column in FIELDS:
        return column
    hint = meant(column, [*COLUMNS, *FIELDS]) or "`comity import --template csv` prints the names"
    raise Wrong("", f"no kind of fact has a field {name.strip()!r}", hint)


def text_of(name: str, cell: Any, wrongs: list[Wrong]) -> str:
    """Return the text of a cell of a common column; add to `wrongs` and return "" if it has not its form."""
    try:
        check(_WHO if name in ("actor", "signer") else _LINES, cell)
    except FormError as unfit:
        wrongs.append(Wrong(name, f"expected {unfit.expected}"))
        return ""
    return str(cell)


def kind_named(name: str) -> str:
    """Return a kind that a row may state; `Wrong` for a kind of the register, `RecordError` for any other name."""
    check_by_hand(name)
    if name in KINDS and name not in IMPORTED:
        raise Wrong(
            "kind", f"{name} stands in the register, not in an order", f"`comity record {quoted(name)}` records it"
        )
    return kind_of(name).kind


def yes_or_no(word: str) -> bool:
    """Return True for yes and true, False for no and false; `Wrong` for any other word."""
    if word.lower() not in ("yes", "no", "true", "false"):
        raise Wrong("", f"expected yes or no, got {word!r}")
    return word.lower() in ("yes", "true")


def one_of(column: str, word: str, known: tuple[str, ...]) -> str:
    """Return a word that is one of `known`; `Wrong` for any other."""
    if word not in known:
        raise Wrong(column, f"expected one of {', '.join(known)}, got {word!r}")
    return word


def near(word: str, known: Mapping[str, object]) -> str:
    """Return a hint for a word that is not one of `known`."""
    from ledger.facts.words.lookup import hint_of

    return hint_of(word, known) or meant(word, known) or f"there are {', '.join(known)}"
