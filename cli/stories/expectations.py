"""Compare the expectations of a story with its ledger: judgements, and the view of each reader."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from cli.handover.evidence_bundle import AUDIENCES
from cli.session.open_ledger import hand
from cli.stories.model import ExpectedDeadline, ExpectedJudgement, ExpectedView
from cli.stories.player import PlayedStory
from ledger.adapters.folders.user_folders import Home
from ledger.adapters.keys import mldsa
from ledger.application.export.bundle_contents import BundleRequest, bundle_contents
from ledger.application.journal import Journal
from ledger.bundle.archive import pack
from ledger.entries.case import Case, Entry, Unread, wire
from ledger.law import judge
from ledger.trust.trust_folder import parse_trust
from ledger.verify.evidence_bundle import verify
from ledger.verify.report import Verdict


@dataclass(frozen=True, slots=True)
class Outcome:
    """One expectation of a story and every difference from the result; no difference means that it holds."""

    about: str
    differs: tuple[str, ...]


def check(played: PlayedStory) -> Iterator[Outcome]:
    """Compare every expectation of a played story, in the order of the story."""
    story = played.story
    with Journal.open(played.path, Home.inside(played.path), now=lambda: story.ends) as journal:
        for expected in story.expect:
            case = _case(journal, played, expected.order)
            yield Outcome(
                f"{expected.order} as of {wire(expected.as_of)}", tuple(_judgement_differences(expected, case))
            )
        for view in story.expect_view:
            yield Outcome(f"{view.order} as {view.audience} sees it", tuple(_view_differences(view, journal, played)))


def _case(journal: Journal, played: PlayedStory, name: str) -> Case:
    order = played.orders[name]
    if journal.store.head(order) == 0:
        return Case(order, played.story.orders[name].instrument, (), journal.cases.register(), name)
    return journal.case(order, label=name)


def _judgement_differences(expected: ExpectedJudgement, case: Case) -> Iterator[str]:
    judgement = judge(case, expected.as_of)
    if judgement.state != expected.state:
        yield f"state: expected {expected.state}, found {judgement.state}"
    yield from _sets("region", _pairs(expected.regions), _pairs(judgement.regions))
    yield from _sets(
        "deadline",
        (_clock(c) for c in expected.deadlines),
        (
            _clock(ExpectedDeadline(id=c.id, policy=c.policy, verdict=str(c.verdict), due=c.due))
            for c in judgement.deadlines
        ),
    )
    yield from _sets("finding", expected.findings, (f.code for f in judgement.findings))
    if expected.criteria:
        states = {name: str(criterion.state) for name, criterion in judgement.criteria.items()}
        yield from _sets("criterion", _pairs(expected.criteria), _pairs(states))


def _clock(clock: ExpectedDeadline) -> str:
    due = "no due" if clock.due is None else f"due {wire(clock.due)}"
    return f"{clock.id} {due} {clock.policy} {clock.verdict}"


def _pairs(values: dict[str, str]) -> Iterator[str]:
    return (f"{name} {value}" for name, value in values.items())


def _sets(what: str, expected: Iterator[str] | list[str], found: Iterator[str] | list[str]) -> Iterator[str]:
    want, have = Counter(expected), Counter(found)
    yield from (f"{what}: lacks {line}" for line in sorted((want - have).elements()))
    yield from (f"{what}: has {line}, which is not expected" for line in sorted((have - want).elements()))


# -- views ------------------------------------------------------------------------------------------------------------


def _view_differences(view: ExpectedView, journal: Journal, played: PlayedStory) -> Iterator[str]:
    """Yield the differences of a view: the bundle for its audience is made, verified and opened in memory."""
    ends = played.story.ends
    entries = _verified(view, journal, played, ends)
    if isinstance(entries, str):
        yield entries
        return
    for name in view.hidden_fields:
        if any(_readable(e, field) for e, field in _named(entries, played, view.order, name)):
            yield f"{name} is readable, and should be hidden"
    for name in view.shown_fields:
        if not any(_readable(e, field) for e, field in _named(entries, played, view.order, name)):
            yield f"{name} is hidden, and should be readable"
    shown = {e.leaf for e in entries}
    for label in view.hidden_events:
        leaf = played.leaves.get((view.order, label))
        if leaf is None:
            yield f"{label}: no fact of this order is called so"
        elif leaf in shown:
            yield f"the entry {label} is shown, and should be hidden"


def _verified(view: ExpectedView, journal: Journal, played: PlayedStory, now: datetime) -> tuple[Entry, ...] | str:
    role = AUDIENCES.get(view.audience, view.audience)
    request = BundleRequest(order=played.orders[view.order], audience=role, made_at=now, tool="comity play")
    signer = hand(journal, "bundle-issued", journal.folder.registrar.actor, "ADM", None)
    trust = {name: (played.path / "trust" / name).read_bytes() for name in ("policy", "registrar")}
    report = verify(pack(bundle_contents(journal, request), signer), parse_trust(trust), None, now, mldsa=mldsa.verify)
    if report.verdict is not Verdict.PASSED or report.case is None:
        return f"the view does not verify: {report.integrity}"
    return report.case.entries


def _named(entries: tuple[Entry, ...], played: PlayedStory, order: str, name: str) -> Iterator[tuple[Entry, str]]:
    """Yield each entry that states a field, with the name of the field.

    `name` is the name of a field, or `LABEL.FIELD` for the fact of the story with that label.
    """
    label, dot, field = name.rpartition(".")
    leaf = played.leaves.get((order, label)) if dot else None
    for e in entries:
        if (not dot or e.leaf == leaf) and (field in e.public or field in e.sealed):
            yield e, field


def _readable(entry: Entry, field: str) -> bool:
    return field in entry.public or not isinstance(entry.sealed[field], Unread)
