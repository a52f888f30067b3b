"""Steps 15 and 17: what the law says on the order as proven, whether its maker's claims hold, what nothing proves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256

from ledger.bundle.audience import COUNTED_ONLY, readable, visible
from ledger.bundle.layout import POLICY
from ledger.bundle.manifest import Manifest
from ledger.chain import registry_of
from ledger.envelope import Opened
from ledger.law import Judgement, judge
from ledger.order import Case, Entry
from ledger.verify.fields import known
from ledger.verify.heads import Heads
from ledger.verify.notebook import Notebook, counted
from ledger.verify.report import Remark
from ledger.verify.trust import Trust

# -- step 15 -----------------------------------------------------------------------------------------------------------


def case_of(entries: Mapping[int, Entry], arrived: Sequence[Entry], manifest: Manifest) -> Case:
    """The order the bundle is about, with the entries of its companion and those that arrived, and the registry."""
    registry = registry_of(manifest.log)
    orders = {manifest.order} | {
        e.order for e in entries.values() if e.order != registry and e.get("main_order") == manifest.order
    }
    own = tuple(sorted((e for e in (*entries.values(), *arrived) if e.order in orders), key=lambda e: e.index))
    instrument = next(e.instrument for e in own if e.order == manifest.order)
    return Case(manifest.order, instrument or "", own, tuple(e for e in entries.values() if e.order == registry))


def check_procedure(case: Case, opened: Mapping[int, Opened], at: datetime, book: Notebook) -> Judgement:
    """The law's findings on verified entries, as of the moment the bundle was made; a kind not known here is one."""
    judgement = judge(case, at)
    for finding in judgement.findings:
        level = str(finding.level)
        book.remarks.append(Remark(finding.code, level, finding.says, tuple(finding.cite), finding.entries))
    if later := tuple(e.leaf for e in (*case.entries, *case.registry) if not e.received and e.at > at):
        says = f"{counted(len(later), 'entry', 'entries')} signed, they say, after the bundle was made: not judged"
        book.remark("CMP-MADE-AT", says, *later)
    told = {leaf for finding in judgement.findings if finding.code == UNKNOWN for leaf in finding.entries}
    unknown = tuple(e.leaf for e in opened.values() if known(e.payload) is None and e.leaf not in told)
    if unknown:
        says = "The record holds an entry of a kind this reader does not know; it is shown as it is."
        book.remarks.append(Remark(UNKNOWN, "G", says, (), unknown))
    book.says(counted(len(judgement.findings), "finding"))
    return judgement


UNKNOWN = "G-UNKNOWN-KIND"

# -- step 17 -----------------------------------------------------------------------------------------------------------


def check_claims(
    entries: Mapping[int, Entry],
    lifted: Sequence[Entry],
    manifest: Manifest,
    heads: Heads,
    files: Mapping[str, bytes],
    trust: Trust | None,
    book: Notebook,
) -> None:
    """What the maker says of the bundle against what is in it: CMP-WITHHELD, CMP-AUDIENCE; doubts POL-NEWER.

    `lifted` are entries of other records of which values are opened here.
    """
    _check_withheld(entries, manifest, book)
    _check_audience((*entries.values(), *lifted), manifest, book)
    if trust is not None and trust.raw != files[POLICY]:
        _check_policy(entries, sha256(trust.raw).hexdigest(), sha256(files[POLICY]).hexdigest(), book)
    if manifest.test:
        book.not_proven.append("TEST: anything at all. This comes from a test ledger and is not evidence.")
    maker = manifest.signer
    size = heads.head.checkpoint.size
    book.not_proven.append(
        f"That the order had no later entry at size {size} of the log: {maker.actor} of {maker.party} signs that."
    )
    if manifest.withheld_count:
        book.not_proven.append(
            f"What stands in {counted(manifest.withheld_count, 'sealed value')} not opened here: "
            "the commitments are proven, the values are not."
        )
    book.not_proven.append(
        "That what the entries say is true: a log proves what was said, by whose key, and in which order."
    )


def _closed(entries: Mapping[int, Entry]) -> set[tuple[int, str]]:
    """(index, name) of every sealed field that is not opened."""
    return {(e.index, name) for e in entries.values() for name in e.sealed if name not in e.digests}


def _check_withheld(entries: Mapping[int, Entry], manifest: Manifest, book: Notebook) -> None:
    closed = _closed(entries)
    listed = {(c.index, c.field) for c in manifest.withheld}
    counted_only = manifest.audience in COUNTED_ONLY
    if manifest.withheld_count != len(closed) or (not counted_only and listed != closed):
        says = f"the maker speaks of {counted(manifest.withheld_count, 'closed value')}, there are {len(closed)}"
        book.remark("CMP-WITHHELD", says, *(entries[n].leaf for n in sorted({n for n, _ in closed})))


def _check_audience(entries: Sequence[Entry], manifest: Manifest, book: Notebook) -> None:
    role = manifest.audience
    hidden = tuple(e.leaf for e in entries if not visible(e.kind, role))
    if hidden:
        book.remark("CMP-AUDIENCE", f"{role} is not among those to whom entries of this kind are shown", *hidden)
    opened = {e.leaf: sorted(e.digests.keys() - readable(e, role)) for e in entries}
    for leaf, names in opened.items():
        if names:
            book.remark("CMP-AUDIENCE", f"opened for {role}, who is not among its readers: {', '.join(names)}", leaf)


def _check_policy(entries: Mapping[int, Entry], yours: str, theirs: str, book: Notebook) -> None:
    """The registry says which policy followed which; where it does not, nobody can tell."""
    adopted: dict[str, int] = {}
    for e in entries.values():
        if e.kind == "witness-changed":
            adopted[e.public["policy_text"]["sha256"]] = e.index
    if adopted.get(theirs, -1) > adopted.get(yours, -1):
        book.doubt("POL-NEWER", f"the log adopted another policy (entry {adopted[theirs]}) than yours: get it", POLICY)
    else:
        book.not_proven.append("Why the policy in the bundle differs from yours: yours was used, and theirs was not.")
