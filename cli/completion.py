"""Complete words in a shell: orders and offices of the ledger, kinds of fact, roles, codes of rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable


def _orders() -> Iterable[str]:
    from cli.lists.docket import docket
    from cli.session.ledger_reader import reading

    with reading() as reader:
        return [o.ref or o.label or o.order[:8] for o in docket(reader, reader.now())]


def _offices() -> Iterable[str]:
    from cli.session.ledger_reader import reading

    with reading() as reader:
        return list(reader.cases.keyring().offices)


def _kinds() -> Iterable[str]:
    from ledger.facts import KINDS

    return KINDS


def _terms() -> Iterable[str]:
    from ledger.facts import KINDS
    from ledger.facts.words import CODE_LISTS

    return (*KINDS, *CODE_LISTS, "lists", *(code for each in CODE_LISTS.values() for code in each.words))


def _roles() -> Iterable[str]:
    from ledger.facts.vocabulary import ROLES

    return ROLES


def _rules() -> Iterable[str]:
    from projections.views.rulebook import rulebook

    return (rule.id for rule in rulebook())


# The name of a parameter, in any command -> its possible values.
VALUES: dict[str, Callable[[], Iterable[str]]] = {
    "order": _orders,
    "actor": _offices,
    "whose": _offices,
    "kind": _kinds,
    "kinds": _kinds,
    "role": _roles,
    "roles": _roles,
    "audience": _roles,
    "about": _rules,
    "term": _terms,
}


def values(name: str, incomplete: str) -> list[str]:
    """Return the values of a parameter by its name; none if they cannot be read, for any reason."""
    try:
        return sorted({value for value in VALUES[name]() if value.startswith(incomplete)})
    except Exception:  # an error would be printed into the command line that a person types
        return []
