"""Before an erasure its extent is shown: the first ten entries of an order one by one, and the others as a number."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from cli.commands import erase
from cli.commands.erase import _covers, _only_order
from cli.exit_codes import Stop
from ledger.application.erasure_scope import ErasureScope
from ledger.entries.case import Unread

ORDER, COMPANION, REGISTRY = "order-1", "companion-1", "registry"


@pytest.fixture(autouse=True)
def _names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erase, "called", lambda journal, order: f"<{order}>")
    monkeypatch.setattr(erase, "case", lambda journal, order: order)
    monkeypatch.setattr(erase, "losses", lambda case, journal, digests: [f"{case} loses {len(digests)}"])
    payload = lambda raw, verify: SimpleNamespace(  # noqa: E731
        payload=SimpleNamespace(order=raw.decode(), seq=7, kind="order-issued")
    )
    monkeypatch.setattr(erase, "open_", payload)


def journal(companions: int = 0) -> Any:
    keys = SimpleNamespace(main_of=lambda order: ORDER if order == COMPANION else None)
    store = SimpleNamespace(
        at=lambda index: (COMPANION if index < companions else ORDER).encode(),
        encrypted_with=lambda key: [(0, ORDER, "name", "d"), (1, REGISTRY, "name", "e")],
    )
    stays = lambda order, gone: {"witness 3": ["name", "name", "account"]} if order == ORDER else {}  # noqa: E731
    return SimpleNamespace(subject_keys=keys, store=store, orders=lambda: [ORDER], erasure=SimpleNamespace(stays=stays))


@pytest.mark.parametrize("entries", [1, 9, 10, 11, 12])
def test_ten_entries_are_listed_and_the_others_counted(entries: int) -> None:
    values = tuple((n, ORDER, field, f"{n}{field}") for n in range(entries) for field in ("reason", "account"))
    lines = list(_covers(journal(), ErasureScope(("k",), values)))
    what = "entry" if entries == 1 else "entries"
    assert lines == [
        f"covers {2 * entries} values in {entries} {what} of 1 order",
        *[f"<{ORDER}>: #7 order-issued: account, reason"] * min(entries, 10),
        *([f"<{ORDER}>: and {entries - 10} more entries"] if entries > 10 else []),
        f"{ORDER} loses {2 * entries}",
        f"<{ORDER}>: stays readable: 3 values of 'witness 3': name, account",
    ]


def test_entries_of_a_companion_are_counted_with_their_order_and_the_register_loses_no_deadline() -> None:
    values = ((0, COMPANION, "reason", "a"), (1, ORDER, "account", "b"), (2, REGISTRY, "name", "c"))
    assert list(_covers(journal(companions=1), ErasureScope(("k",), values)))[:5] == [
        "covers 3 values in 3 entries of 2 orders",
        f"<{ORDER}>: companion #7 order-issued: reason",
        f"<{ORDER}>: #7 order-issued: account",
        f"{ORDER} loses 3",
        f"<{REGISTRY}>: companion #7 order-issued: name",
    ]


@pytest.mark.parametrize("orders", [0, 1, 2, 10, 11, 13])
def test_a_person_of_several_orders_needs_one_to_be_named(orders: int) -> None:
    keys = {f"k{n}": f"o{n:02}" for n in range(orders)}
    known: Any = SimpleNamespace(subject_keys=SimpleNamespace(keys_of=lambda subject: keys))
    if orders < 2:
        assert _only_order(known, "witness 3") == ("o00" if orders else None)
        return
    with pytest.raises(Stop) as found:
        _only_order(known, "witness 3")
    places = ", ".join(f"<o{n:02}>" for n in range(min(orders, 10)))
    more = f" and {orders - 10} more" if orders > 10 else ""
    assert str(found.value).splitlines()[0].endswith(f"'witness 3' is known in {places}{more}")


def test_without_keys_a_person_is_in_no_order() -> None:
    known: Any = SimpleNamespace(subject_keys=None)
    assert _only_order(known, "witness 3") is None


@pytest.mark.parametrize("count", [0, 1, 2])
def test_bundles_and_notes_on_the_orders_are_deleted_when_it_is_confirmed(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[Any] = []

    @contextmanager
    def bundles(ledger: Any, covered: Any) -> Iterator[Any]:
        yield lambda: done.append("bundles")
        done.append("bundles closed")

    @contextmanager
    def notes(folder: Any, orders: Any) -> Iterator[Any]:
        done.append((folder, orders))
        yield count, lambda: done.append("notes")
        done.append("notes closed")

    monkeypatch.setattr(erase, "_bundles", bundles)
    monkeypatch.setattr("server.work.erasure.notes_on", notes)
    monkeypatch.setattr("cli.terminal.output.tell", done.append)
    ledger: Any = SimpleNamespace(folder="folder", subject_keys=journal().subject_keys)
    values = ((0, COMPANION, "reason", "a"), (1, ORDER, "account", "b"), (2, "order-2", "name", "c"))
    with erase._outside(ledger, ErasureScope(("k",), values)) as delete:
        says = ("1 note", "2 notes")[count - 1] + " of offices on these orders, and notices, are deleted"
        assert done == [("folder", {ORDER, "order-2"}), *([says] if count else [])], "nothing is deleted yet"
        done.clear()
        delete()
        assert done == ["bundles", "notes"]
    assert done[2:] == ["notes closed", "bundles closed"]


def test_without_keys_here_every_order_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert erase._main(journal(), COMPANION) == ORDER
    assert erase._main(journal(), "other") == "other"
    assert erase._main(SimpleNamespace(subject_keys=None), COMPANION) == COMPANION  # type: ignore[arg-type]


def test_a_value_is_erased_for_its_readers_by_its_digest_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erase, "replace", lambda of, **new: SimpleNamespace(**{**vars(of), **new}))
    entry = SimpleNamespace(sealed={"a": 1, "b": 2, "c": 3}, digests={"a": "d1", "b": "d2"})
    other = SimpleNamespace(sealed={"a": 4}, digests={"a": "d4"})
    case: Any = erase._without(SimpleNamespace(entries=(entry, other), order="o"), {"d2", "d9"})  # type: ignore[arg-type]
    assert [each.sealed for each in case.entries] == [{"a": 1, "b": Unread.ERASED, "c": 3}, {"a": 4}]
    assert case.order == "o"
