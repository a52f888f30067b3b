"""A reader takes no gap, no order twice and no list without an end; what it read is kept for a while."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("httpx", reason="needs the extra `server`")
pytest.importorskip("http_message_signatures", reason="needs the extra `server`")

from comity.remote import reader as module
from comity.remote.connection import Refused
from comity.remote.reader import _KEPT, _PAGE, VerifiedReader, is_named, prove
from ledger.errors import LedgerError, RecordError
from tests.support.memory_ledger import ORDER

OTHER = "99999999-2222-4333-8444-555555555555"


class Connection:
    """A connection that gives these answers in turn."""

    def __init__(self, *answers: Any) -> None:
        self.answers, self.asked = list(answers), list[Any]()

    def get(self, path: str, form: Any, **query: Any) -> Any:
        self.asked.append((path, query))
        made = self.answers.pop(0)
        if isinstance(made, Exception):
            raise made
        return made


class Verifier:
    """A verifier that believes everything, and says what it was shown."""

    origin = "log.example"

    def __init__(self) -> None:
        self.keyring = SimpleNamespace(registry="registry", holds=lambda signer, index: signer != "nobody")
        self.register: list[Any] = []
        self.leaves: list[Any] = []
        self.signed: list[Any] = []
        self.together = 0
        self.committed_to: dict[str, int] = {}
        self.memory = SimpleNamespace(together=self._together)

    def _together(self) -> AbstractContextManager[None]:
        self.together += 1
        return nullcontext()

    def head(self, stated: int) -> Any:
        return SimpleNamespace(checkpoint=SimpleNamespace(size=stated))

    def leaf(self, proven: Any, head: Any) -> None:
        self.leaves.append(proven.index)

    def entries(self, proven: list[Any], head: Any) -> list[Any]:
        return [(each.index, each.entry) for each in proven]

    def signed_by(self, placed: list[Any]) -> None:
        self.signed += [index for index, _ in placed]

    def extend_register(self, entries: list[Any], head: Any) -> None:
        self.register += entries

    def order(self, order: str, entries: list[Any], head: Any) -> list[Any]:
        return entries

    def committed(self, order: str, stated: Any, own: Any, head: Any) -> int:
        return self.committed_to.get(order, 0)


def reading(*answers: Any) -> Any:
    verifier, connection = Verifier(), Connection(*answers)
    given: Any = connection, SimpleNamespace(public=b"k"), verifier
    made: Any = VerifiedReader(*given)
    made.verified, made.asked = verifier, connection.asked
    return made


def false(do: Callable[[], Any], says: str) -> None:
    with pytest.raises(RecordError) as raised:
        do()
    assert raised.value.code == "API-FALSE"
    assert says in raised.value.says


# -- the log -----------------------------------------------------------------------------------------------------------


def proven(index: int, *, hidden: bool = False) -> Any:
    return SimpleNamespace(
        index=index, entry=None if hidden else SimpleNamespace(payload=SimpleNamespace(signer=f"s{index}"))
    )


def page(head: int, *entries: Any, after: int = 0) -> Any:
    return SimpleNamespace(head=head, entries=list(entries), next=after + len(entries))


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "entry_of", lambda opened, index, held: (index, opened.payload.signer, held))


def registered(made: Any, size: int = 100) -> Any:
    made._registered_at = size
    return made


@pytest.mark.usefixtures("shown")
def test_entries_come_page_by_page_and_the_leaf_of_a_hidden_one_is_checked() -> None:
    made = registered(reading(page(3, proven(0), proven(1, hidden=True)), page(3, proven(2), after=2)))
    assert list(made.entries()) == [(0, "s0", True), (2, "s2", True)]
    assert made.asked == [
        ("/v1/entries", {"after": 0, "limit": _PAGE}),
        ("/v1/entries", {"after": 2, "limit": _PAGE}),
    ]
    assert (made.verified.leaves, made.verified.signed) == ([1], [0, 2])


@pytest.mark.usefixtures("shown")
def test_entries_end_below_a_place_and_a_log_without_more_has_none() -> None:
    made = registered(reading(page(9, proven(4), proven(5), after=4)))
    assert [index for index, _, _ in made.entries(4, 6)] == [4, 5]
    assert made.asked == [("/v1/entries", {"after": 4, "limit": 2})]
    assert list(registered(reading()).entries(4, 4)) == []
    assert list(registered(reading(page(4, after=4))).entries(4)) == []


@pytest.mark.parametrize(
    "shows",
    [
        page(9),
        page(9, proven(1)),
        page(9, proven(0), proven(2)),
        page(9, proven(1), proven(0)),
        SimpleNamespace(head=9, entries=[proven(0)], next=2),
    ],
)
def test_a_gap_between_entries_is_false(shows: Any) -> None:
    false(lambda: list(registered(reading(shows)).entries()), "the entries from 0 on are not shown without a gap")


def test_consistency_is_asked_for_between_two_sizes() -> None:
    connection: Any = Connection(SimpleNamespace(path=["a"]))
    assert prove(connection, 3, 9) == ["a"]
    assert connection.asked == [("/v1/consistency", {"start": 3, "end": 9})]


# -- the register ------------------------------------------------------------------------------------------------------


def answer(head: int, *entries: Any, **more: Any) -> Any:
    return SimpleNamespace(head=head, entries=list(entries), committed=None, **more)


def test_the_register_is_read_as_far_as_a_log_has_it_and_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "public_entries", lambda placed, keyring: tuple(index for index, _ in placed))
    made = reading(answer(5, (0, "a"), (3, "b")), answer(9, (7, "c")))
    made.read_register(5)
    made.read_register(5)
    assert made.asked == [("/v1/register", {"after": 0})]
    before = made._register(5)
    assert before == (0, 3)
    assert made._register(5) is before
    made.read_register(6)
    assert made.asked[1:] == [("/v1/register", {"after": 2})]
    assert (made._register(8), made._register(7), made._registered_at) == ((0, 3, 7), (0, 3), 9)


def test_a_register_that_ends_before_the_log_is_false() -> None:
    made = reading(answer(4))
    false(lambda: made.read_register(5), "the register is shown as of 4 entries, not 5")
    assert made._registered_at == -1


def test_the_caller_is_the_office_of_the_key_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "caller_of", lambda keyring, key, size: (keyring.registry, key, size))
    made = reading(SimpleNamespace(head=6), answer(7))
    assert made.caller() == ("registry", "6b", 6)
    assert [path for path, _ in made.asked] == ["/v1/head", "/v1/register"]


# -- orders ------------------------------------------------------------------------------------------------------------


def item(order: str, first: int = 0, newest: int = 0) -> Any:
    return SimpleNamespace(
        order=SimpleNamespace(order=order), first=first, newest=SimpleNamespace(leaf=f"l{newest}", index=newest)
    )


def orders(*items: Any, head: int = 99, after: int | None = None) -> Any:
    return SimpleNamespace(head=head, orders=list(items), next=after)


def test_an_order_is_found_by_its_id_or_by_the_word_of_the_server() -> None:
    made = reading()
    assert (made.find(ORDER), made.asked) == (ORDER, [])
    named = reading(orders(item(ORDER)))
    assert named.find("PPO-1") == ORDER
    assert named.asked == [("/v1/orders", {"after": 0, "limit": _PAGE, "name": "PPO-1"})]
    assert reading(orders(item(ORDER))).linked("x") == [ORDER]


@pytest.mark.parametrize("shows", [orders(), orders(item("no id")), orders(item(ORDER.replace("-", "")))])
def test_a_name_that_means_no_order_finds_none(shows: Any) -> None:
    with pytest.raises(Refused) as refused:
        reading(shows).find("PPO-1")
    assert (refused.value.code, refused.value.says) == (
        "API-MISSING", "there is no order 'PPO-1' that this key may see",
    )  # fmt: skip


def test_a_name_that_means_two_orders_is_refused() -> None:
    with pytest.raises(LedgerError) as refused:
        reading(orders(item(ORDER), item(OTHER))).find("PPO")
    assert (refused.value.code, refused.value.says, refused.value.hint) == (
        "ORDER-AMBIGUOUS", "'PPO' may mean 2 orders", "give more of the id",
    )  # fmt: skip


def test_a_list_goes_on_to_its_end_and_the_newest_entry_of_each_order_is_checked() -> None:
    made = reading(orders(item("a", 0, 4), item("b", 2, 3), after=5), orders(item("c", 5, 7)))
    assert [one.order.order for one in made._pages()] == ["a", "b", "c"]
    assert [query["after"] for _, query in made.asked] == [0, 5]
    assert made.verified.leaves == [4, 3, 7]


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ((orders(item("a"), item("a")),), "order a is listed twice"),
        ((orders(item("a"), after=5), orders(item("a", 6))), "order a is listed twice"),
        ((orders(item("a"), after=5), orders(item("b", 4))), "order b is listed twice"),
        ((orders(item("a"), after=0),), "the list of orders does not go on"),
        ((orders(item("a"), after=5), orders(item("b", 5), after=5)), "the list of orders does not go on"),
        ((orders(item("a"), head=9, after=10),), "the list of orders does not go on"),
    ],
)
def test_a_list_that_repeats_itself_or_does_not_go_on_is_false(answers: tuple[Any, ...], says: str) -> None:
    false(lambda: list(reading(*answers)._pages()), says)


def test_a_list_may_go_on_up_to_the_end_of_the_log() -> None:
    assert len(list(reading(orders(item("a"), head=9, after=9), orders())._pages())) == 1


def entry(index: int, leaf: str = "") -> Any:
    return SimpleNamespace(index=index, leaf=leaf or f"l{index}")


@pytest.mark.parametrize(
    ("entries", "whole"), [([entry(2), entry(4)], True), ([entry(2)], False), ([entry(4, "x"), entry(3, "l4")], False)]
)
def test_an_order_of_a_list_is_shown_with_its_newest_entry(entries: list[Any], whole: bool) -> None:
    made = reading(orders(item("a", 0, 4)))
    made.case = lambda order: SimpleNamespace(order=order, entries=entries)
    if whole:
        assert [case.order for case in made.listed()] == ["a"]
    else:
        false(lambda: list(made.listed()), "order a is shown without an entry of the list")
    assert made.verified.together == 1, "its orders are remembered together"


@pytest.mark.parametrize("code", ["API-MISSING", "API-SLOW"])
def test_an_order_that_is_listed_and_cannot_be_seen_is_false(code: str) -> None:
    made = reading(orders(item("a")), Refused(code, "no"))
    if code == "API-MISSING":
        says = "order a is listed, and is said to be none that this key may see"
        false(lambda: list(made.listed()), says)
    else:
        with pytest.raises(Refused, match="API-SLOW"):
            list(made.listed())


@pytest.fixture
def cases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "public_case", lambda order, placed, register, keyring: (order, placed, register))
    monkeypatch.setattr(module, "public_entries", lambda placed, keyring: tuple(index for index, _ in placed))


@pytest.mark.usefixtures("cases")
def test_an_order_is_read_with_the_register_of_its_log() -> None:
    made = reading(answer(9, "e", order=ORDER), answer(9, (1, "r")))
    assert made.case(ORDER) == (ORDER, ["e"], (1,))
    assert [path for path, _ in made.asked] == [f"/v1/orders/{ORDER}/entries", "/v1/register"]
    assert (made.placed(ORDER), made.proven(ORDER)) == (["e"], 0)
    false(lambda: made.take(OTHER, answer(9, order=ORDER)), f"the server shows order {ORDER} in place of {OTHER}")


@pytest.mark.usefixtures("cases")
@pytest.mark.parametrize(("order", "register", "again", "proven"), [(4, 6, 0, 4), (6, 6, 0, 6), (8, 6, 1, 6)])
def test_an_order_is_whole_as_far_as_the_register_is(order: int, register: int, again: int, proven: int) -> None:
    made = registered(reading(*[answer(9)] * again), 9)
    made._register_proven = register
    made.verified.committed_to = {ORDER: order, "registry": register}
    made.take(ORDER, answer(9, "e", order=ORDER))
    assert made.proven(ORDER) == proven
    assert [path for path, _ in made.asked] == ["/v1/register"] * again


@pytest.mark.usefixtures("cases")
def test_the_entries_of_the_sixty_four_orders_read_last_are_kept() -> None:
    assert _KEPT == 64
    made = registered(reading(), 9)
    names = [f"o{n}" for n in range(_KEPT)]
    for name in names:
        made.take(name, answer(9, order=name))
    made.take("o0", answer(9, "again", order="o0"))
    assert set(made._cases) == set(names)
    made.take("new", answer(9, order="new"))
    assert set(made._cases) == {*names, "new"} - {"o1"}
    assert made.placed("o0") == ["again"]


def test_a_new_order_has_no_entry_under_the_register_as_it_is_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "public_entries", lambda placed, keyring: tuple(index for index, _ in placed))
    made = reading(SimpleNamespace(head=5), answer(6, (4, "r"), (5, "s")))
    case = made.new_case(ORDER)
    assert (case.order, case.entries, case.registry) == (ORDER, (), (4, 5))


# -- names -------------------------------------------------------------------------------------------------------------


def said(kind: str, speaks: str = "act", by: str = "ilves", whose: str | None = None, **fields: str) -> Any:
    return SimpleNamespace(kind=kind, speaks=speaks, by=by, whose=whose, prefix="", get=fields.get)


@pytest.mark.parametrize(
    ("name", "bears"),
    [
        ("1111", True),
        (ORDER, True),
        ("", False),
        ("2222", False),
        ("PPO-1", True),
        ("ilves/PPO-1", True),
        ("orn/PPO-1", False),
        ("PPO-2", False),
        ("orn/PPO-3", True),
        ("ilves/PPO-3", False),
        ("None", False),
    ],
)
def test_a_name_is_the_beginning_of_an_id_or_a_reference_that_the_order_states(name: str, bears: bool) -> None:
    entries = [
        said("order-issued"),
        said("order-received", reference="PPO-2"),
        said("order-issued", reference="PPO-1"),
        said("order-issued", "import", reference="PPO-3", issuing_authority="orn"),
    ]
    registry = [said("party-registered", actor="ilves"), said("authority-registered", actor="orn")]
    case: Any = SimpleNamespace(order=ORDER, entries=entries, registry=registry)
    assert is_named(name, case) is bears
