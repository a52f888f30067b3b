"""The cells of a row become who says what, of which moment and about whose data; a wrong one is named by its column."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cli.exit_codes import Stop
from cli.imports import row_parser
from cli.imports.row_index import NOT_YET
from cli.imports.row_parser import RowParser, _resolved, _structured, _zone
from cli.imports.tables import Wrong
from ledger.errors import RecordError
from ledger.facts import KINDS, WHY

NOW = datetime(2027, 6, 1, 12, tzinfo=UTC)
LEAF = "ab" * 32
ORDER: Any = SimpleNamespace(id="order-1", there=True, instrument="EPOC")
ILVES: Any = SimpleNamespace(actor="ilves", role="ISS")


class Index:
    """An index of rows that knows the order order-1, its entry #3, and the subjects of an earlier row."""

    def __init__(self) -> None:
        self.subjects: list[tuple[str, str]] = []
        self.belonging: list[Any] = []

    def order(self, name: str) -> Any:
        return ORDER if name == "PPO-1" else None

    def leaf(self, order: str, text: str) -> str | None:
        return {"#3": LEAF}.get(text)

    def whose(self, order: str, label: str) -> dict[str, str | None]:
        return {"summary_of_facts": "witness 3", "gone": "witness 4"} if label == "first" else {}

    def belongs(self, *said: Any) -> None:
        self.belonging.append(said)

    def subject(self, name: str, order: str) -> None:
        self.subjects.append((name, order))

    def own_id(self, order: str, text: str) -> str:
        return f"own {order} {text}"

    def entry_id(self, said: str) -> str:
        return said


@pytest.fixture
def parser() -> RowParser:
    made = RowParser.__new__(RowParser)
    keep: Any = made
    store = SimpleNamespace(by_leaf=lambda leaf: None)
    keep._journal = SimpleNamespace(origin="log.example", store=store)
    keep.index = Index()
    keep._actor, keep._role, keep._key_file, keep._zone = "ilves", None, None, None
    keep._offices = {"ilves": SimpleNamespace(roles=("CT", "ISS")), "skylark": SimpleNamespace(roles=("SP",))}
    keep._signers, keep._now, keep.strangers, keep._folder = {}, NOW, {}, "."
    return made


def said(parser: RowParser, **common: str) -> Any:
    return parser._said(common, NOW, ILVES, ORDER)


def test_a_row_is_an_import_of_its_signers_own_act_unless_it_says_otherwise(parser: RowParser) -> None:
    found = said(parser)
    assert (found.speaks, found.on_source, found.whose) == ("import", "own-act", None)
    assert (found.on, found.signed_at, found.replaces, found.why, found.audience) == (NOW, NOW, None, None, None)
    own = said(parser, actor="ilves", speaks="act", on_source="receipt-stamp")
    assert (own.speaks, own.on_source, own.whose) == ("act", "receipt-stamp", None)
    theirs = said(parser, actor="skylark")
    assert (theirs.speaks, theirs.on_source, theirs.whose) == ("import", "other-party", "skylark")
    assert parser.strangers == {}


def test_an_actor_that_no_register_knows_is_counted(parser: RowParser) -> None:
    for actor in ("harbor", "harbor", "lind", "skylark", "ilves"):
        said(parser, actor=actor)
    assert parser.strangers == {"harbor": 2, "lind": 1}


@pytest.mark.parametrize(
    ("common", "column"),
    [
        ({"actor": "skylark", "speaks": "act"}, "actor"),
        ({"speaks": "acts"}, "speaks"),
        ({"on_source": "clock"}, "on_source"),
        ({"why": "a slip"}, "why"),
        ({"replaces": "#3"}, "why"),
        ({"replaces": "#4", "why": "a slip"}, "replaces"),
    ],
)
def test_what_does_not_fit_together_is_named_by_its_column(
    common: dict[str, str], column: str, parser: RowParser
) -> None:
    with pytest.raises(Wrong) as wrong:
        said(parser, **common)
    assert wrong.value.column == column


def test_a_row_replaces_an_entry_of_its_order_for_a_reason(parser: RowParser) -> None:
    found = said(parser, replaces="#3", why="a slip of the pen", audience="\n  \n")
    assert (found.replaces, found.why, found.audience) == (LEAF, "a slip of the pen", None)
    assert parser._leaf(None, "replaces", "#9") == NOT_YET, "of a wrong order nothing is known yet"
    with pytest.raises(Wrong, match="names '#9', and no earlier entry"):
        parser._leaf(ORDER, "replaces", "#9")


@pytest.mark.parametrize(("theirs", "refused"), [("ilves", False), ("orn", True)])
def test_an_entry_of_another_signer_is_not_replaced(
    theirs: str, refused: bool, parser: RowParser, monkeypatch: pytest.MonkeyPatch
) -> None:
    payload = SimpleNamespace(signer=SimpleNamespace(actor=theirs))
    monkeypatch.setattr(row_parser, "open_", lambda raw, verify: SimpleNamespace(payload=payload))
    parser._journal.store.by_leaf = lambda leaf: (7, b"raw")  # type: ignore[method-assign]
    if not refused:
        parser._own(LEAF, ILVES)
        return
    with pytest.raises(Wrong) as wrong:
        parser._own(LEAF, ILVES)
    assert wrong.value.column == "replaces"
    parser._own(None, ILVES)


# -- who signs ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("actor", "kind", "others", "role"),
    [
        ("ilves", "order-issued", False, ""),  # one role fits: `hand` finds it
        ("ilves", "order-issued", True, "ISS"),  # the act of another
        ("skylark", "order-issued", False, "SP"),  # none fits: any, and the law judges it
        ("skylark", "order-issued", True, "SP"),
        ("nobody", "order-issued", False, ""),
        ("nobody", "order-issued", True, ""),
    ],
)
def test_a_role_is_chosen_where_none_can_be_found(
    actor: str, kind: str, others: bool, role: str, parser: RowParser
) -> None:
    assert parser._any_role(actor, kind, others) == role


def test_a_signer_is_asked_for_once_and_fails_each_time(parser: RowParser, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def hand(journal: Any, *who: Any) -> Any:
        asked.append(who)
        raise Stop("no key") if len(asked) == 1 else RecordError("KEY-ROLE", "no role")

    monkeypatch.setattr(row_parser, "hand", hand)
    for _ in range(2):
        with pytest.raises(Stop, match="no key"):
            parser._signer({}, "order-issued")
        with pytest.raises(RecordError, match="KEY-ROLE"):
            parser._signer({"signer": "skylark", "role": "SP", "actor": "ilves"}, "order-issued")
    assert asked == [("order-issued", "ilves", None, None), ("order-issued", "skylark", "SP", None)]


# -- data subjects -----------------------------------------------------------------------------------------------------


@pytest.fixture
def sealing(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(row_parser, "sealed_of", lambda fact: ["summary_of_facts", "identifiers"])
    return SimpleNamespace(kind="order-issued")


def subjects(parser: RowParser, fact: Any, why: str | None = None, **common: str) -> dict[str, str]:
    circumstances: Any = SimpleNamespace(why=why)
    return parser._subjects(common, fact, circumstances, ORDER)


def test_sealed_fields_belong_to_the_named_subjects(parser: RowParser, sealing: Any) -> None:
    index: Any = parser.index
    assert subjects(parser, sealing) == {}
    assert (index.belonging, index.subjects) == ([], [])
    named = {"summary_of_facts": "witness 5", "identifiers": "witness 5"}
    assert subjects(parser, sealing, subject="\nwitness 5\n") == named
    assert index.belonging == [], "no later row can name a row without a label"
    one = subjects(parser, sealing, subject="identifiers=target of PPO-1", label="second")
    assert one == {"identifiers": "target of order-1"}
    assert index.belonging == [("order-1", "second", {"summary_of_facts": None, "identifiers": "target of order-1"})]
    assert index.subjects == [("witness 5", "order-1")] * 2 + [("target of order-1", "order-1")]


def test_the_reason_of_a_correction_is_sealed_too(parser: RowParser, sealing: Any) -> None:
    found = subjects(parser, sealing, "a slip", subject="witness 5")
    assert set(found) == {"summary_of_facts", "identifiers", WHY.name}
    with pytest.raises(Stop, match="is not stated in this entry"):
        subjects(parser, sealing, None, subject=f"{WHY.name}=witness 5")


def test_a_correction_keeps_the_subjects_of_the_row_that_it_replaces(parser: RowParser, sealing: Any) -> None:
    assert subjects(parser, sealing, "a slip", replaces="first") == {"summary_of_facts": "witness 3"}
    changed = subjects(parser, sealing, "a slip", replaces="first", subject="summary_of_facts=witness 7")
    assert changed == {"summary_of_facts": "witness 7"}


def test_the_target_of_an_order_that_is_not_known_is_refused(parser: RowParser, sealing: Any) -> None:
    with pytest.raises(Stop, match="no order is called 'PPO-9' here or in an earlier row"):
        subjects(parser, sealing, subject="target of PPO-9")


# -- moments, versions, ids --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2027-03-01T09:00:00", datetime(2027, 3, 1, 8, tzinfo=UTC)),
        ("2027-07-01T09:00:00", datetime(2027, 7, 1, 7, tzinfo=UTC)),
        ("2027-03-01T09:00:00Z", datetime(2027, 3, 1, 9, tzinfo=UTC)),
        ("2027-03-28T02:30:00", None),  # never
        ("2027-10-31T02:30:00", None),  # twice
        ("2027-10-31T02:30:00+02:00", datetime(2027, 10, 31, 0, 30, tzinfo=UTC)),
    ],
)
def test_a_moment_without_an_offset_is_in_the_zone_of_the_table(
    text: str, moment: datetime | None, parser: RowParser
) -> None:
    parser._zone = ZoneInfo("Europe/Oslo")
    if moment is not None:
        assert parser._moment(text) == moment
        return
    with pytest.raises(Wrong, match="comes twice or never where clocks change"):
        parser._moment(text)


def test_a_zone_has_a_name() -> None:
    assert _zone("Europe/Oslo") == ZoneInfo("Europe/Oslo")
    assert [_zone(name).utcoffset(NOW) for name in ("UTC", "utc", "Z")] == [NOW.utcoffset()] * 3
    with pytest.raises(Stop, match="--zone Europe/Olso: no such time zone"):
        _zone("Europe/Olso")


@pytest.mark.parametrize(
    ("common", "kind", "version"),
    [
        ({}, "order-issued", False),
        ({"version": "no"}, "order-issued", False),
        ({"version": "yes"}, "order-issued", True),
        ({"replaces": "first"}, "order-issued", True),
        ({"replaces": "first"}, "order-received", True),
        ({"version": "no"}, "order-received", False),
        ({"version": "yes"}, "order-received", None),
    ],
)
def test_only_an_issued_order_has_versions(
    common: dict[str, str], kind: str, version: bool | None, parser: RowParser
) -> None:
    if version is not None:
        assert parser._version(common, kind) is version
        return
    with pytest.raises(Wrong, match="only order-issued makes a new version"):
        parser._version(common, kind)


def test_the_id_of_an_entry_is_its_key_else_what_it_says_in_public(
    parser: RowParser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_parser, "public_of", lambda fact: {"b": 1, "a": 2})
    circumstances: Any = SimpleNamespace(on=NOW, speaks="import", on_source="own-act", whose=None, replaces=None)
    fact: Any = SimpleNamespace(kind="order-received")
    assert parser._entry({"id": "key-1"}, ORDER, fact, circumstances, ILVES) == "own order-1 key-1"
    assert parser._entry({}, ORDER, fact, circumstances, ILVES) == (
        '["log.example", "order-1", "order-received", {"a": 2, "b": 1}, "2027-06-01T12:00:00+00:00", '
        '"ilves", "ISS", "import", "own-act", null, null]'
    )


def test_references_in_lists_are_resolved_and_other_values_stay() -> None:
    kinds = [field for kind in KINDS.values() for field in kind.fields().values()]
    events = next(f for f in kinds if f.type == "list[event]")
    orders = next((f for f in kinds if f.type == "list[order]"), None)
    text = next(f for f in kinds if f.type == "list[str]")
    event, order = (lambda each: f"event {each}"), (lambda each: f"order {each}")
    assert _resolved(events, ["a", 3], event, order) == ["event a", 3]
    assert _resolved(events, {"a": "b"}, event, order) == {"a": "b"}
    assert _resolved(text, ["a"], event, order) == ["a"]
    if orders is not None:
        assert _resolved(orders, ["a"], event, order) == ["order a"]
    assert [_structured(each) for each in ("document", "manifest", "names", "list[str]", "text", "event")] == [
        True, True, True, True, False, False,
    ]  # fmt: skip


# -- values of fields --------------------------------------------------------------------------------------------------


def fault(parser: RowParser, kind: str, name: str, cell: Any) -> Wrong:
    """Return what is wrong with the cell of a field."""
    with pytest.raises(Wrong) as wrong:
        parser._value(KINDS[kind].fields()[name], cell, ORDER)
    return wrong.value


@pytest.mark.parametrize("cell", ["[3]", [3], [None], [["de"]]])
def test_a_wrong_text_is_repeated_and_no_other_value(cell: Any, parser: RowParser) -> None:
    expected = "expected the code of a language in two letters such as en"
    text = fault(parser, "order-issued", "languages", '["de", "deutsch"]')
    assert (text.column, text.says) == ("languages[1]", f"{expected}, got 'deutsch'")
    other = fault(parser, "order-issued", "languages", cell)
    assert (other.column, other.says) == ("languages[0]", expected)


@pytest.mark.parametrize("cell", ['["A. Lind\\u202e"]', ["A. Lind\u202e"], "A. Lind\u202e"])
def test_a_wrong_value_of_a_sealed_field_is_not_repeated(cell: Any, parser: RowParser) -> None:
    wrong = fault(parser, "order-issued", "identifiers", cell)
    assert wrong.column == "identifiers[0]"
    assert wrong.says == "expected a string on one line, without control or bidi-control characters"
    assert "Lind" not in wrong.hint


def test_a_member_that_is_not_there_is_named_and_not_shown(parser: RowParser) -> None:
    wrong = fault(parser, "order-received", "proof", '{"media": "application/pdf", "size": 3}')
    assert wrong.column.startswith("proof.")
    assert "got" not in wrong.says
