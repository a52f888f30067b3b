"""The commands that a paper prints fit what it is, how it is handed over and where it is read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from cli.exit_codes import Stop
from cli.reports import order_report
from cli.reports.order_report import PAGE, ReportRequest, _typed, _without_later, commands, moments, replay_of
from cli.session.record_reader import DatedState
from ledger.entries.case import Case
from ledger.errors import LedgerError
from ledger.law import judge as judge_case
from projections.reports.front_page import Provenance
from tests.support.story_files import cases

NAME = "PPO-2027-123"
NOW = datetime(2027, 9, 1, tzinfo=UTC)


def with_number(case: Case) -> Case:
    issued = [replace(e, public={**e.public, "reference": NAME}) for e in case.entries if e.kind == "order-issued"]
    return replace(case, entries=(*issued, *(e for e in case.entries if e.kind != "order-issued")))


CASE = with_number(cases("S1")["main"])


class Reader:
    """A record in which each name means the order that `orders` says, and no other name means one."""

    bundle = None

    def __init__(self, **orders: str) -> None:
        self.orders = orders

    def find(self, name: str) -> str:
        if name.replace("-", "_") not in self.orders:
            raise LedgerError("ORDER-UNKNOWN", "no such order")
        return self.orders[name.replace("-", "_")]


def typed(*, head: bool = True, reveal: bool = False, trust: bool = False, **asked: Any) -> list[str]:
    """Return what a paper on S1 says to type, in turn."""
    made: Any = SimpleNamespace(head=object() if head else None, reveal=reveal, as_of=NOW)
    reader: Any = Reader(**{NAME.replace("-", "_"): CASE.order})
    request = ReportRequest(**{"kind": "dpo", "reveal": reveal, **asked})
    held: Any = object() if trust else None
    return [each.type for each in commands(reader, request, CASE, made, held)]


EXPORT = f"comity export {NAME} --audience DPO -o order.evidence.zip"
UNZIP = "unzip order.evidence.zip READ-ME-FIRST.html"
VERIFY = "comity verify order.evidence.zip --trust TRUST --anchor CHECKPOINT"
JUDGE = f"comity judge {NAME} --as-of 2027-09-01T00:00:00Z"
REPORT = f"comity report dpo {NAME} --as-of 2027-09-01T00:00:00Z"


def test_a_paper_of_the_office_has_the_commands_that_need_its_ledger() -> None:
    assert typed() == [EXPORT, VERIFY, UNZIP, JUDGE, f"{REPORT} | sha256sum"]
    assert typed(head=False)[1] == "comity verify order.evidence.zip --trust TRUST"
    assert typed(page=True) == [EXPORT, VERIFY, "", UNZIP, JUDGE, f"{REPORT} | sha256sum"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"medium": "pdf"}, " --format pdf"),
        ({"medium": "json"}, ""),
        ({"lang": "de"}, " --lang de"),
        ({"trust": True}, " --trust TRUST"),
        ({"medium": "pdf", "lang": "fr", "trust": True}, " --format pdf --lang fr --trust TRUST"),
    ],
)
def test_the_command_that_makes_a_paper_again_has_the_options_it_was_made_with(
    more: dict[str, Any], words: str
) -> None:
    assert typed(**more)[-1] == f"{REPORT}{words} | sha256sum"


def test_a_paper_with_opened_values_or_a_bundle_inside_cannot_be_made_again() -> None:
    assert typed(reveal=True) == [EXPORT, VERIFY, UNZIP, JUDGE]
    attached = typed(attached="dpo.evidence.zip", medium="pdf")
    assert attached[0] == "pdfdetach -saveall dpo.pdf"
    assert attached[-1] == JUDGE
    assert typed(attached="dpo.evidence.zip", file="a b.pdf")[0] == "pdfdetach -saveall 'a b.pdf'"


@pytest.mark.parametrize("kind", ["custody", "evidence-chain", "hearing", "certification"])
def test_a_paper_that_is_filed_has_no_command_that_needs_a_ledger(kind: str) -> None:
    assert typed(kind=kind, reveal=kind != "custody") == ["", VERIFY, UNZIP]
    beside = "comity verify 'the court.zip' --trust TRUST --anchor CHECKPOINT"
    assert typed(kind=kind, beside="the court.zip")[0] == beside
    both = typed(kind=kind, attached="a.zip", beside="b.zip")
    assert both[0].startswith("pdfdetach")
    assert both[1].startswith("comity verify a.zip ")


def test_a_custody_report_with_opened_digests_says_how_a_file_is_compared() -> None:
    check = "comity check FILE --bundle order.evidence.zip --trust TRUST"
    assert typed(kind="custody", reveal=True) == ["", VERIFY, UNZIP, check, "sha256sum FILE"]
    assert check not in typed(kind="custody")
    assert check not in typed(kind="dpo", reveal=True)


def test_the_verifier_page_is_named_only_where_it_is_handed_over() -> None:
    def said(*, page: bool) -> list[str]:
        made: Any = SimpleNamespace(head=None, reveal=False, as_of=NOW)
        reader: Any = Reader()
        return [c.says for c in commands(reader, ReportRequest("custody", page=page), CASE, made, None)]

    assert (said(page=True).count(PAGE), said(page=False).count(PAGE)) == (1, 0)


@pytest.mark.parametrize(
    ("orders", "name"),
    [
        ({"PPO_2027_123": CASE.order, "main": CASE.order}, None),
        ({"main": CASE.order}, "main"),
        ({"PPO_2027_123": "another", "main": CASE.order}, "main"),
        ({"PPO_2027_123": "another", "main": "another"}, CASE.order),
        ({}, CASE.order),
    ],
)
def test_an_order_is_typed_by_a_name_that_means_it_alone(orders: dict[str, str], name: str | None) -> None:
    reader: Any = Reader(**orders)
    assert _typed(reader, CASE) == (name or NAME)


def test_entries_that_say_they_were_signed_later_are_counted_on_the_paper() -> None:
    made = Provenance(NOW, "tool", "rules", None, SimpleNamespace(not_proven=("one thing",)))  # type: ignore[arg-type]
    assert _without_later(made, 0) is made
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(order_report, "replace", lambda thing, **new: SimpleNamespace(**new))
        for later, says in ((1, "1 entry of this order says"), (2, "2 entries of this order say")):
            sentence, *others = _without_later(made, later).integrity.not_proven
            assert sentence.startswith(says)
            assert others == ["one thing"]


# -- the replay --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clocks", "cosigned"),
    [((), False), (("log",), False), (("cosigned",), True), (("log", "cosigned", "log"), True), (("claimed",), False)],
)
def test_a_replay_says_that_a_witness_dates_it_if_one_dates_any_state(
    clocks: tuple[str, ...], cosigned: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = [DatedState(n + 1, NOW + timedelta(days=n), clock) for n, clock in enumerate(clocks)]
    reader: Any = SimpleNamespace(dated=lambda: states)
    monkeypatch.setattr(order_report, "making", lambda *said, reveal: ("made", *said[1:], reveal))
    monkeypatch.setattr("projections.reports.replay.replay", lambda *said, **more: (said, more))
    monkeypatch.setattr("projections.render.html.replay_page", lambda *said: said)
    shown: Any = replay_of(reader, CASE, NOW, reveal=True, lang="de")
    (case, heads, made, judge), more = shown[0]
    assert (case, heads, more) == (CASE, [(s.at, s.size) for s in states], {"cosigned": cosigned})
    assert (made, judge) == (("made", CASE.order, NOW, None, True), judge_case)
    assert shown[1] == "de"
    assert moments(reader) == heads


# -- the kinds of papers -----------------------------------------------------------------------------------------------


class Snapshot:
    """A case that had entries from `NOW` on: three as the reader knows it, two by what their signers state."""

    order, instrument = "order-1", "EPOC"

    def __init__(self, moment: datetime = NOW, entries: int = 2) -> None:
        self.entries = ("e",) * (entries if moment >= NOW else 0)

    def known(self, moment: datetime) -> Snapshot:
        return Snapshot(moment)


@pytest.fixture
def papers(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Replace each paper by its name and what it was given; return how they were said to be made."""
    made: list[Any] = []

    def making(*given: Any, **more: Any) -> str:
        made.append((given[1:], more))
        return "making"

    for path in (
        "projections.reports.certificates.certificate",
        "projections.reports.order_form.make.order_form",
        "projections.reports.custody_report.custody_report",
        "projections.reports.evidence_chain_report.evidence_chain_report",
        "projections.reports.hearing.hearing_bundle.hearing",
        "projections.reports.data_protection.processing_record.processing_record",
    ):
        name = path.rpartition(".")[2]
        monkeypatch.setattr(path, lambda *given, name=name: (name, *given))
    monkeypatch.setattr("projections.reports.order_form.make.addressee", lambda instrument: f"to {instrument}")
    monkeypatch.setattr("projections.reports.replay.stages", lambda *given: given[1:3])
    monkeypatch.setattr(order_report, "making", making)
    monkeypatch.setattr(order_report, "judge", lambda snapshot, moment: "judgement")
    monkeypatch.setattr(order_report, "commands", lambda *given: "todo")
    monkeypatch.setattr(order_report, "_without_later", lambda provenance, later: (provenance, later))
    monkeypatch.setattr(order_report, "LedgerReader", Office)
    return made


class Office:
    """The reader of an office: three entries are known to it, and two accesses, one of this order."""

    cases = SimpleNamespace(access="access")

    def known(self, case: Any, moment: datetime) -> Snapshot:
        return Snapshot(moment, 3)

    def accesses(self) -> list[Any]:
        return [
            SimpleNamespace(at=at, get={"orders": orders}.get, name=name)
            for name, at, orders in (
                ("ours", NOW, ["order-1"]), ("later", NOW + timedelta(seconds=1), ["order-1"]), ("other", NOW, ["x"]),
            )
        ]  # fmt: skip

    def dated(self) -> list[DatedState]:
        return [DatedState(4, NOW, "log")]


def paper(kind: str, moment: datetime = NOW, **more: Any) -> list[Any]:
    reader: Any = Office()
    case: Any = Snapshot()
    trust: Any = "trust"
    made: Any = order_report.order_report(reader, ReportRequest(kind, **more), case, moment, trust)
    name, snapshot, *rest = made
    assert isinstance(snapshot, Snapshot) or name == "certificate"
    return [name, *rest]


MADE = ("making", 1)


def test_each_kind_of_paper_is_made_with_its_parts(papers: list[Any]) -> None:
    assert paper("custody") == ["custody_report", "judgement", MADE, "todo"]
    assert paper("evidence-chain") == ["evidence_chain_report", "judgement", MADE, "todo"]
    assert paper("hearing", depth="simple") == ["hearing", "judgement", MADE, "todo", "simple"]
    assert paper("order-form") == ["order_form", "judgement", MADE, "to EPOC"]
    assert paper("order-form", reader="CT")[-1] == "CT"
    name, snapshot, *rest = paper("certification", form="fre-902")
    assert (name, snapshot if isinstance(snapshot, str) else "", rest[-2:]) == (
        "certificate", "", ["judgement", MADE],
    )  # fmt: skip


def test_a_record_of_processing_has_the_accesses_of_its_order_until_then(papers: list[Any]) -> None:
    name, judgement, made, todo, read, stages = paper("dpo")
    assert (name, judgement, made, todo) == ("processing_record", "judgement", MADE, "todo")
    assert [each.name for each in read] == ["ours"]
    assert stages == ([(NOW, 4)], NOW)
    assert papers[0][1]["also"] == ("access",), "no access that the ledger committed to is missing"


def test_how_a_paper_is_made_has_its_head_and_whether_it_opens_values(papers: list[Any]) -> None:
    head: Any = "head"
    paper("custody", reveal=True, head=head)
    assert papers == [(("order-1", NOW, "trust"), {"reveal": True, "head": "head", "also": ()})]


def test_a_paper_of_an_order_that_was_not_on_record_is_refused(papers: list[Any]) -> None:
    with pytest.raises(Stop) as stopped:
        paper("custody", NOW - timedelta(seconds=1))
    assert stopped.value.message == "nothing of this order was on record at 2027-08-31T23:59:59Z"
    assert stopped.value.hint == "a later --as-of"


@pytest.mark.parametrize("given", [None, "head"])
def test_the_integrity_of_a_paper_is_that_of_the_ledger_or_of_the_bundle(
    given: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = SimpleNamespace(checkpoint="checkpoint", checked="checked")
    seen: list[Any] = []

    def again(*said: Any) -> Any:
        seen.append(said[1:])
        return read

    def of_a_bundle(bundle: Any) -> Any:
        seen.append(bundle)
        return read

    monkeypatch.setattr(order_report, "LedgerReader", Office)
    monkeypatch.setattr("cli.reports.integrity.read_again", again)
    monkeypatch.setattr("cli.reports.integrity.bundle_read", of_a_bundle)
    monkeypatch.setattr("cli.session.proven_times.brackets", lambda *said: {3: (NOW, None), 4: (None, None)})
    office: Any = Office()
    office.folder, office.head_at = SimpleNamespace(test=True), lambda moment: f"head at {moment:%Y}"
    made: Any = order_report.making(office, "order-1", NOW, None, reveal=True, head=given, also=("access",))
    assert seen == [("order-1", given or "head at 2027", None, ("access",))]
    assert (made.as_of, made.head, made.integrity, made.test, made.reveal) == (
        NOW, "checkpoint", "checked", True, True,
    )  # fmt: skip
    assert made.proven == {3: "proven: after 2027-09-01 00:00:00"}
    bundle = SimpleNamespace(manifest=SimpleNamespace(test=False))
    read_one: Any = SimpleNamespace(bundle=bundle)
    of_bundle = order_report.making(read_one, "order-1", NOW, None)
    assert (seen[1], of_bundle.test, of_bundle.reveal) == (bundle, False, False)
    read_one.bundle = None
    with pytest.raises(TypeError):
        order_report.making(read_one, "order-1", NOW, None)
