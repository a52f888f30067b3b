"""What is recorded was shown first: findings, people of the same name, and a question before what cannot be undone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import click
import pytest

from cli.exit_codes import Exit, Stop
from cli.session import record_target, recording
from cli.session.record_target import FolderTarget, Place
from cli.session.recording import (
    ASKED,
    BEFORE_ORDER,
    FINAL,
    RecordOptions,
    _draft,
    ask_to_sign,
    audience_of,
    condition_of,
    put,
)
from ledger.entries.envelope import Circumstances, Signer
from ledger.entries.payload import Condition
from ledger.entries.placement import order_begun_by
from ledger.facts import KINDS

NOW = datetime(2027, 6, 1, 12, tzinfo=UTC)
FINALLY, ASKING = sorted(FINAL.keys() - ASKED)[0], sorted(ASKED - FINAL.keys())[0]


def options(**given: Any) -> RecordOptions:
    fields: dict[str, Any] = dict.fromkeys(RecordOptions.__dataclass_fields__)
    fields |= {"fields": (), "audience": (), "subjects": (), "speaks": "act", "on_source": "own-act"}
    fields |= {"dry_run": False, "yes": False, "unregistered": False}
    return RecordOptions(**{**fields, **given})


class Target:
    """A ledger in which a fact has findings, and in which other orders name the same people or similar ones."""

    origin, registry = "log.example", "registry"

    def __init__(self) -> None:
        self.findings: list[Any] = []
        self.same: list[str] = []
        self.alike: list[str] = []
        self.recorded = False
        self.done: list[Any] = []

    def entry_id(self) -> str:
        return "made id"

    def now(self) -> datetime:
        return NOW

    def signer(self, kind: str, *who: Any) -> Any:
        return SimpleNamespace(actor="ilves", party="XO", role=KINDS[kind].signers[0] if kind in KINDS else "ISS")

    def same_subjects(self, draft: Any) -> list[str]:
        return self.same

    def similar_subjects(self, draft: Any) -> list[str]:
        return self.alike

    def prepare(self, draft: Any, case: Any, *, unregistered: bool, lookalike: bool) -> Any:
        self.done.append(("prepared", unregistered, lookalike))
        return SimpleNamespace(findings=self.findings, recorded=self.recorded, draft=draft)

    def record(self, plan: Any) -> Any:
        self.done.append("recorded")
        return SimpleNamespace(proof=b"proof")


Putting = Callable[..., tuple[Exit, list[Any]]]


@pytest.fixture
def target(monkeypatch: pytest.MonkeyPatch) -> Target:
    """Return a ledger, at a terminal; what is asked and printed is noted in `done`."""
    made = Target()

    @contextmanager
    def recording_at(actor: Any, key_file: Any) -> Iterator[Target]:
        yield made

    place = SimpleNamespace(target=made, order="order-1", case="case")

    def of(*said: Any) -> Any:
        made.done.append(said[1:])
        return place

    monkeypatch.setattr(recording, "recording_at", recording_at)
    monkeypatch.setattr(recording, "Place", SimpleNamespace(of=of))
    monkeypatch.setattr(recording, "_fields", lambda asked, kind, where: ({}, {}))
    monkeypatch.setattr(recording, "_together", lambda given, fields: {**given, **fields})
    monkeypatch.setattr("ledger.facts.build", lambda kind, public, sealed: SimpleNamespace(kind=kind, public=public))
    monkeypatch.setattr(recording, "_draft", lambda asked, where, fact, signer, on, instrument: (fact, on, instrument))
    monkeypatch.setattr(recording, "tell_in_force", lambda of, plan: made.done.append("in force"))
    monkeypatch.setattr(recording, "_dry", lambda plan: Exit.FINDINGS)
    monkeypatch.setattr(recording, "ask_to_sign", lambda of, plan, yes: made.done.append(("sign?", yes)))
    monkeypatch.setattr(recording, "tell", lambda of, kind, receipt, files: made.done.append(("receipt", kind, files)))
    monkeypatch.setattr("cli.terminal.output.tell", lambda says: made.done.append(says))
    monkeypatch.setattr("cli.terminal.prompts.confirm", lambda says, yes: made.done.append(("asked", says, yes)))
    monkeypatch.setattr("cli.terminal.prompts.attended", lambda: True)
    return made


def finding(code: str, level: str = "W") -> Any:
    return SimpleNamespace(code=code, level=SimpleNamespace(value=level), says="it says")


def test_a_fact_is_recorded_with_what_its_signer_and_the_moment_imply(target: Target) -> None:
    def complete(signer: Any, on: datetime, of: Any, public: Any) -> dict[str, Any]:
        assert (signer.actor, on, of, public) == ("ilves", NOW, target, {"stated": 1})
        return {"implied": 2, "stated": 3}

    ended = put(options(), "order-received", "PPO-1", public={"stated": 1}, complete=complete, files=("a",))
    assert ended is Exit.DONE
    assert target.done == [
        ("order-received", "PPO-1", "made id"), ("prepared", False, False), "in force", "recorded",
        ("receipt", "order-received", ("a",)),
    ]  # fmt: skip


def test_an_id_a_moment_and_permissions_are_taken(target: Target) -> None:
    put(options(entry="my id", unregistered=True), "order-received", "PPO-1", lookalike=True)
    assert target.done[:2] == [("order-received", "PPO-1", "my id"), ("prepared", True, True)]


def test_a_dry_run_asks_nothing_and_records_nothing(target: Target) -> None:
    target.findings, target.same = [finding(BEFORE_ORDER)], ["the same person"]
    assert put(options(dry_run=True), FINALLY, "PPO-1") is Exit.FINDINGS
    assert target.done[1:] == ["the same person", ("prepared", False, False)]


@pytest.mark.parametrize("recorded", [False, True])
@pytest.mark.parametrize("attended", [False, True])
def test_what_may_be_a_mistake_is_asked_of_a_person_before_it_is_signed(
    recorded: bool, attended: bool, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.terminal.prompts.attended", lambda: attended)
    target.findings, target.recorded = [finding(BEFORE_ORDER), finding("W-2")], recorded
    target.same, target.alike = ["same"], ["alike"]
    put(options(yes=True), FINALLY, "PPO-1")
    asked = [each for each in target.done if each[0] == "asked"]
    before = ("asked", "it is dated before the order was made", True)
    same = ("asked", "if not: comity subject other, or another name", True)
    alike = ("asked", "one person has one name: that name, or comity subject same", True)
    final = ("asked", FINAL[FINALLY], True)
    expected = [before] * attended + [same, alike] * (attended and not recorded) + [final] * (not recorded)
    assert asked == expected
    assert target.done[1:3] == ["same", "alike"]
    assert f"{BEFORE_ORDER}: it says" in target.done


@pytest.mark.parametrize(
    ("kind", "attended", "asked"), [(ASKING, True, True), (ASKING, False, False), ("x", True, False)]
)
def test_an_act_with_violations_is_signed_by_a_person_who_was_asked(
    kind: str, attended: bool, asked: bool, target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.terminal.prompts.attended", lambda: attended)
    put(options(), kind, "PPO-1")
    assert (("sign?", False) in target.done) is asked


def test_a_receipt_is_written_to_a_new_file(target: Target, tmp_path: Path) -> None:
    file = tmp_path / "receipt"
    put(options(receipt=str(file)), "order-received", "PPO-1")
    assert file.read_bytes() == b"proof"
    target.done.clear()
    with pytest.raises(Stop):
        put(options(receipt=str(file)), "order-received", "PPO-1")
    assert target.done == []


# -- the question ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("levels", "yes", "asked"), [("", False, 0), ("WG", False, 0), ("V", False, 1), ("VWV", False, 2), ("V", True, 0)]
)
def test_a_person_is_asked_whether_to_sign_what_the_law_forbids(
    levels: str, yes: bool, asked: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    questions: list[Any] = []
    monkeypatch.setattr(recording, "what_is_signed", lambda of, plan: "it will say this")
    monkeypatch.setattr(click, "confirm", lambda says, **how: questions.append((says, how)))
    plan: Any = SimpleNamespace(findings=[finding("X", level) for level in levels])
    nothing: Any = None
    ask_to_sign(nothing, plan, yes=yes)
    said = capsys.readouterr().err.splitlines()
    if not asked:
        assert (questions, said) == ([], [])
        return
    assert questions == [("sign?", {"default": False, "abort": True, "err": True})]
    count = "1 violation" if asked == 1 else "2 violations"
    assert said == [f"{count}; the law refuses nothing, and an entry cannot be undone", "it will say this"]


# -- circumstances -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("reason=CT,DEF", ("reason", ["CT", "DEF"])),
        ("reason= CT , ,DEF ", ("reason", ["CT", "DEF"])),
        ("reason=", ("reason", [])),
    ],
)
def test_an_audience_is_a_field_with_roles(said: str, found: tuple[str, list[str]]) -> None:
    assert audience_of(said) == found


def test_an_audience_without_a_field_is_refused() -> None:
    with pytest.raises(Stop, match="--audience CT: this is field=ROLE,ROLE"):
        audience_of("CT")


def place(case: Any = None) -> Any:
    def event(text: str) -> str:
        return f"leaf of {text}"

    target = SimpleNamespace(
        size=lambda: 9, registry="registry", find=lambda name: f"id of {name}", now=lambda: NOW,
        newest_foreign=lambda order, known: ("other", order, known),
    )  # fmt: skip
    return SimpleNamespace(target=target, order="order-1", case=case, event=event)


@pytest.mark.parametrize(
    ("said", "behind", "after", "orders", "kinds"),
    [
        ("order-closed", None, 9, ["order-1"], ["order-closed"]),
        ("order-withdrawn, order-closed", 3, 3, ["order-1"], ["order-closed", "order-withdrawn"]),
        ("order-closed@PPO-1, register", 0, 0, ["id of PPO-1", "registry"], ["order-closed"]),
        ("order-closed,order-closed@PPO-1,PPO-1", None, 9, ["id of PPO-1"], ["order-closed"]),
    ],
)
def test_a_condition_names_kinds_orders_and_a_position(
    said: str, behind: int | None, after: int, orders: list[str], kinds: list[str]
) -> None:
    found = condition_of(said, behind, place())
    assert (found.after, found.orders, found.kinds) == (after, orders, kinds)


def draft(case: Any = None, **asked: Any) -> Any:
    fact: Any = SimpleNamespace(kind="order-received")
    signer: Any = SimpleNamespace(actor="ilves")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ledger.facts.sealed_of", lambda of: {})
        return _draft(options(**asked), place(case), fact, signer, NOW, "EPOC")


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"whose": "skylark"}, "--whose is for what was seen or taken over"),
        ({"why": "a slip"}, "--why is for an entry that replaces another"),
        ({"behind": 0}, "--behind is the position of a condition"),
    ],
)
def test_options_that_need_another_one_are_refused(asked: dict[str, Any], says: str) -> None:
    with pytest.raises(Stop, match=says):
        draft(**asked)


def test_the_circumstances_are_as_they_were_stated() -> None:
    plain = draft()
    said = plain.said
    assert (said.on, said.signed_at, said.speaks, said.on_source, said.whose) == (NOW, NOW, "act", "own-act", None)
    assert (said.replaces, said.why, said.audience, said.unless) == (None, None, None, None)
    assert (said.other, plain.order, plain.instrument, plain.subjects) == (
        ("other", "order-1", None),
        "order-1",
        "EPOC",
        {},
    )
    more = draft(whose="skylark", speaks="import", unless="order-closed", behind=4, audience=("a=CT",), entry="e").said
    assert (more.whose, more.speaks, more.unless.after, more.audience) == ("skylark", "import", 4, {"a": ["CT"]})


@pytest.mark.parametrize(("by", "refused"), [("ilves", False), ("orn", True)])
def test_only_an_own_entry_is_replaced_and_for_a_reason(by: str, refused: bool) -> None:
    case = SimpleNamespace(entries=(SimpleNamespace(leaf="leaf of #3", by=by), SimpleNamespace(leaf="x", by="lind")))
    if refused:
        with pytest.raises(Exception, match="orn"):
            draft(case, replaces="#3", why="a slip of the pen")
        return
    made = draft(case, replaces="#3", why="a slip of the pen")
    assert (made.said.replaces, made.said.why) == ("leaf of #3", "a slip of the pen")
    with pytest.raises(Exception, match=r"why|reason"):
        draft(case, replaces="#3")


# -- where a fact is recorded ------------------------------------------------------------------------------------------


class Ledger:
    """A ledger with one order, whose entries have names in a story."""

    origin, registry = "log.example", "registry"

    def find(self, name: str) -> str:
        return f"id of {name}"

    def case(self, order: str) -> Any:
        return f"case of {order}"

    def entry_labels(self, label: str) -> dict[str, str]:
        return {"issued": "aa" * 32} if label == "main" else {}


def test_a_fact_is_of_an_order_of_a_new_one_or_of_the_register() -> None:
    ledger: Any = Ledger()
    of: Any = Place.of(ledger, "order-received", "PPO-1", None)
    assert (of.target, of.order, of.case) == (ledger, "id of PPO-1", "case of id of PPO-1")
    register = Place.of(ledger, "party-registered", None, None)
    assert (register.order, register.case) == ("registry", None)
    with pytest.raises(Stop, match="order-received is about an order: which"):
        Place.of(ledger, "order-received", None, None)
    begun = Place.of(ledger, "order-issued", "new", "ab" * 16)
    assert (begun.order, begun.case) == (order_begun_by("log.example", "ab" * 16), None)
    orders = {Place.of(ledger, "order-issued", "new", None).order for _ in range(2)}
    assert len(orders) == 2
    assert all(str(UUID(order)) == order for order in orders)


@pytest.mark.parametrize(
    ("text", "label", "leaf"),
    [
        ("1", None, "aa" * 32), ("#2", None, "bb" * 32), ("issued", "main", "aa" * 32), ("bbbbbbbb", None, "bb" * 32),
        ("cc", None, "cc" * 32), ("issued", "other", None), ("issued", None, None), ("3", None, None),
    ],
)  # fmt: skip
def test_an_entry_is_named_by_its_number_its_name_or_its_hash(text: str, label: str | None, leaf: str | None) -> None:
    ledger: Any = Ledger()
    places = [("order-1", 1, "aa"), ("order-1", 2, "bb"), ("companion", 3, "cc")]
    entries = [
        SimpleNamespace(order=order, number=str(seq), prefix="", leaf=start * 32) for order, seq, start in places
    ]
    case: Any = SimpleNamespace(label=label, entries=entries)
    if leaf is None:
        with pytest.raises(Stop, match="no entry"):
            Place(ledger, "order-1", case).event(text)
        return
    assert Place(ledger, "order-1", case).event(text) == leaf


def test_a_new_order_has_no_entry_that_could_be_named() -> None:
    ledger: Any = Ledger()
    with pytest.raises(Stop, match="no entry '#1'"):
        Place(ledger, "order-1", None).event("1")


def folder(**journal: Any) -> Any:
    made: Any = SimpleNamespace(**journal)
    return FolderTarget(made)


def test_a_new_name_of_a_draft_is_compared_with_similar_ones_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_target, "near", lambda journal, name: [f"near {name}", f"nearer {name}"])
    keys = SimpleNamespace(keys_of=lambda name: {"key": "order"} if name == "known" else {})
    draft: Any = SimpleNamespace(subjects={"a": "jo", "b": "known", "c": "jo", "d": "al"})
    assert folder(subject_keys=keys).similar_subjects(draft) == ["near jo", "nearer jo", "near al", "nearer al"]
    assert folder(subject_keys=None).similar_subjects(draft) == []


def test_an_office_is_here_with_a_key_of_this_machine_that_has_not_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = {name: bytes([n]) * 32 for n, name in enumerate(("ilves", "skylark", "orn"), 1)}
    monkeypatch.setattr("ledger.adapters.keys.key_files.listed", lambda folder: mine if folder == "keys" else {})
    held = [(name, public.hex(), 7 if name == "skylark" else None) for name, public in mine.items()]
    held.append(("lind", "ee" * 32, None))
    keys = {public: SimpleNamespace(actor=name, public=public, ended=ended) for name, public, ended in held}
    offices = {name: f"office {name}" for name, *_ in held}
    target = folder(
        read_keyring=lambda: SimpleNamespace(keys=keys, offices=offices),
        home=SimpleNamespace(keys="keys"),
        folder=SimpleNamespace(registrar=SimpleNamespace(actor="orn")),
    )
    assert target.offices_here() == {"ilves": "office ilves"}


@pytest.mark.parametrize("url", [None, "https://office.example"])
def test_a_command_records_in_its_folder_or_at_its_server(url: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("httpx", reason="needs the extra `server`")
    said: list[Any] = []

    @contextmanager
    def writing() -> Iterator[str]:
        yield "journal"
        said.append("written")

    @contextmanager
    def served(*given: Any) -> Iterator[str]:
        yield "served"
        said.append((given[0], *given[2:]))

    monkeypatch.setattr(record_target, "chosen_url", lambda: url)
    monkeypatch.setattr("cli.session.open_ledger.writing", writing)
    monkeypatch.setattr("cli.remote.server_target.recording_served", served)
    target: Any
    with record_target.recording_at("ilves", "my.key") as target:
        assert said == []
    assert said == (["written"] if url is None else [(url, "ilves", "my.key")])
    assert target == (FolderTarget("journal") if url is None else "served")  # type: ignore[arg-type]


def test_a_dry_run_prints_the_whole_fact_and_what_it_would_raise(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("ledger.facts.public_of", lambda fact: {"reference": "P-1"})
    monkeypatch.setattr("ledger.facts.sealed_of", lambda fact: {"identifiers": ["jo"]})
    said = Circumstances(
        NOW, NOW, speaks="observation", on_source="receipt-stamp", whose="skylark", replaces="aa", why="a slip",
        audience={"identifiers": ["CT"]}, unless=Condition(7, ["order-1"], ["order-closed"]),
    )  # fmt: skip
    signer = Signer("ilves", "ISS", "XO", b"\xab" * 32, lambda text: b"")
    draft = SimpleNamespace(
        fact=SimpleNamespace(kind="order-issued"), order="order-1", signer=signer, said=said, subjects={"a": "jo"}
    )
    found = SimpleNamespace(code="A-1", level=SimpleNamespace(value="V"), says="it is late", cite=("Art. 1",))
    plan: Any = SimpleNamespace(draft=draft, findings=[found])
    assert recording._dry(plan) is Exit.DONE
    printed = capsys.readouterr()
    assert json.loads(printed.out) == {
        "format": "comity.fact/1", "kind": "order-issued", "order": "order-1",
        "signer": {"actor": "ilves", "role": "ISS", "party": "XO", "key": "ab" * 32},
        "speaks": "observation", "whose": "skylark", "replaces": "aa", "why": "a slip", "on": "2027-06-01T12:00:00Z",
        "on_source": "receipt-stamp", "public": {"reference": "P-1"}, "sealed": {"identifiers": ["jo"]},
        "audience": {"identifiers": ["CT"]},
        "unless": {"after": 7, "orders": ["order-1"], "kinds": ["order-closed"]}, "subjects": {"a": "jo"},
        "findings": [{"code": "A-1", "level": "V", "says": "it is late", "cite": ["Art. 1"]}],
    }  # fmt: skip
    assert printed.err == "nothing was signed, nothing was recorded\n"
    draft.said = Circumstances(NOW, NOW)
    recording._dry(plan)
    answer = json.loads(capsys.readouterr().out)
    assert (answer["audience"], answer["unless"], answer["whose"], answer["speaks"]) == ({}, None, None, "act")
