"""What is recorded was shown first: findings, people of the same name, and a question before what cannot be undone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest

from cli.exit_codes import Exit, Stop
from cli.session import recording
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

    def signer(self, *who: Any) -> Any:
        return SimpleNamespace(actor="ilves", party="XO")

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
