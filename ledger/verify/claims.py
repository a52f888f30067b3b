"""Run steps 16 and 17: judge the proven order by the law, check the maker's claims, list what is not proven."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from ledger.bundle.audience import COUNTED_ONLY, readable, visible
from ledger.bundle.cover_page import pages
from ledger.bundle.layout import POLICY, README, VIEWS, Arranged
from ledger.bundle.manifest import Manifest
from ledger.entries.case import Case, Entry, ReceivedRegister, instant, joined, numbered, wire
from ledger.entries.envelope import OpenedEntry
from ledger.entries.placement import registry_of
from ledger.entries.wrapped_entry import VALUES, as_counted
from ledger.facts import KINDS
from ledger.law import Finding, Judgement, judge
from ledger.law.judge import FINDING_RULES
from ledger.tlog.note import note_digest
from ledger.trust.trust_folder import Trust
from ledger.verify.field_forms import known
from ledger.verify.heads import DRIFT
from ledger.verify.makers_findings import FINDINGS
from ledger.verify.other_records.received_entries import ArrivedEntry, marked, of_the_case
from ledger.verify.progress import SEALED, Unproven, VerificationLog, counted
from ledger.verify.report import Remark
from ledger.verify.time_brackets import Times

# -- step 16 -----------------------------------------------------------------------------------------------------------


def case_of(
    entries: Mapping[int, Entry],
    arrivals: Sequence[ArrivedEntry],
    parts: Arranged,
    destroyed: Collection[str],
    manifest: Manifest,
    others: tuple[ReceivedRegister, ...] = (),
) -> Case:
    """Return the order of the bundle with its companions' entries, the arrived entries that count, and the registry."""
    registry = registry_of(manifest.log)
    by_index = {one.index: one for one in arrivals}
    entries = {index: marked(e, by_index) for index, e in entries.items()}
    companions = _companions(entries.values(), manifest.order)
    acts = [_act(one, parts, destroyed) for one in of_the_case(arrivals)]
    everything = (*entries.values(), *acts)
    one = {manifest.order, *_parts(manifest, everything)}
    ours = (e for e in everything if e.order in one)
    apart = (e for e in entries.values() if e.order in companions - one and _is_apart(e))
    own = tuple(sorted((*ours, *apart), key=lambda e: e.index))
    instrument = next(e.instrument for e in own if e.order == manifest.order)
    register = tuple(e for e in entries.values() if e.order == registry)
    own = tuple(numbered(manifest.order, own))
    return Case(manifest.order, instrument or "", own, register, others=others if arrivals else ())


def _parts(manifest: Manifest, entries: Sequence[Entry]) -> Iterator[str]:
    """Yield the orders of the bundle that entries of its order name as the same one, as the ledger reads them."""
    at = instant(manifest.made_at)
    yield from (other for other in joined(manifest.order, entries, at) if not joined(other, entries, at))


def _companions(entries: Collection[Entry], order: str) -> set[str]:
    """Return the ids of the companions of an order: orders with a confidential entry that names it.

    A confidential entry is one of a kind with a limited audience (`shown_to`). An entry in a role that its
    key did not hold names nothing. Only the confidential entries of a companion are part of the case: an
    entry of another kind neither adds another order to this one nor excludes one.
    """
    return {e.order for e in entries if e.held and _is_apart(e) and e.get("main_order") == order}


def _is_apart(entry: Entry) -> bool:
    return entry.kind in KINDS and bool(KINDS[entry.kind].shown_to)


def _act(one: ArrivedEntry, parts: Arranged, destroyed: Collection[str]) -> Entry:
    """Return a wrapped entry as its signer's act, with the values that the bundle opens."""
    if one.inner is None:
        raise AssertionError("an act was opened")
    texts = parts.foreign.get(f"{one.wrapper.payload.public['envelope']}{VALUES}", b"").decode("ascii").splitlines()
    return as_counted(one.inner, one.wrapper, one.index, texts, destroyed=destroyed, known_to=one.known_to)


def judged_at(manifest: Manifest, now: datetime) -> datetime:
    """Return the moment as of which a bundle is judged: when it claims to be made, or `now` if that is in the future.

    A test ledger has a simulated clock and is judged as of the time that it claims.
    """
    creation = instant(manifest.made_at)
    return creation if manifest.test or creation <= now + DRIFT else now


def check_procedure(
    case: Case,
    entries: Mapping[int, Entry],
    opened: Mapping[int, OpenedEntry],
    arrivals: Sequence[ArrivedEntry],
    at: datetime,
    book: VerificationLog,
) -> Judgement:
    """Judge the case by the law as of `at`, and add the findings.

    Unknown kinds and roles that a key did not hold are found in all entries, also in those of linked orders.
    Unknown kinds are found in arrived entries, too, whether they count or not.
    """
    judgement = judge(case, at)
    for finding in judgement.findings:
        level = str(finding.level)
        book.remarks.append(Remark(finding.code, level, finding.says, tuple(finding.cite), finding.entries))
    if later := tuple(e.leaf for e in (*case.entries, *case.registry) if not e.received and e.at > at):
        says = f"{counted(len(later), 'entry', 'entries')} signed, they say, after the bundle was made: not judged"
        book.remark("CMP-MADE-AT", says, *later)
    all_of_them = (*opened.values(), *(one.inner for one in arrivals if one.inner))
    remark_rest(judgement.findings, UNKNOWN, (e.leaf for e in all_of_them if known(e.payload) is None), book)
    remark_rest(judgement.findings, NOT_HELD, (e.leaf for e in entries.values() if not e.held), book)
    book.says(counted(len(judgement.findings), "finding"))
    return judgement


A_DAY = timedelta(days=1)  # the most by which a head may be older than the bundle
UNKNOWN, NOT_HELD = "G-UNKNOWN-KIND", "V-ROLE-NOT-HELD"


def remark_rest(findings: Iterable[Finding], code: str, leaves: Iterable[str], book: VerificationLog) -> None:
    """Add a finding of the law on those entries of `leaves` that no finding of this code names yet."""
    named_leaves = {leaf for finding in findings if finding.code == code for leaf in finding.entries}
    check = next(check for check in FINDING_RULES if check.code == code)
    if rest := tuple(leaf for leaf in leaves if leaf not in named_leaves):
        book.remarks.append(Remark(code, str(check.level), check.says, (), rest))


TEST = Unproven("TEST", "anything at all. This comes from a test ledger and is not evidence.")
NOT_TRUE = "That what the entries say is true: a log proves what was said, by whose key, and in which order."

# -- step 17 -----------------------------------------------------------------------------------------------------------


def check_claims(
    entries: Mapping[int, Entry],
    lifted: Sequence[Entry],
    manifest: Manifest,
    times: Times,
    ends: Iterable[str],
    files: Mapping[str, bytes],
    trust: Trust | None,
    now: datetime,
    book: VerificationLog,
) -> None:
    """Check what the maker says of the bundle against its content: findings CMP-*, doubt POL-NEWER.

    `lifted` are the entries of other records with values that the bundle opens, `ends` the sentences on what may be
    left out.
    """
    _check_withheld(entries, manifest, book)
    _check_audience((*entries.values(), *lifted), manifest, book)
    changes = {e.index: e.public for e in entries.values() if e.kind == POLICY_CHANGE}
    check_policy(changes, trust, files[POLICY], book)
    _check_made_at(manifest, times, now, book)
    if manifest.test:
        book.gravest.insert(0, TEST)
    book.gravest.extend(ends)
    if any(path.startswith(VIEWS) and path != FINDINGS for path in files):
        book.not_proven.append("That the files in views/ say what the record says: they were not compared.")
    if manifest.withheld_count:
        book.not_proven.append(
            Unproven(
                "",
                f"What stands in {counted(manifest.withheld_count, 'sealed value')} not opened here: "
                "the commitments are proven, the values are not.",
                SEALED,
            )
        )
    book.not_proven.append(NOT_TRUE)


def check_readme(
    manifest: Manifest,
    opened: Mapping[int, OpenedEntry],
    parts: Arranged,
    files: Mapping[str, bytes],
    book: VerificationLog,
) -> None:
    """Add CMP-README unless the page for people is the one that this program writes of the verified record."""
    indexes = sorted(opened)
    written = pages(
        manifest, parts.checkpoint, [opened[n] for n in indexes], indexes, stamped=any(map(_is_token, files))
    )
    if files.get(README) not in written:
        says = "READ-ME-FIRST.html is not the page that this program writes of this record: believe nothing in it"
        book.remark("CMP-README", says)


def _is_token(path: str) -> bool:
    return path.endswith(".tsr")


def _check_made_at(manifest: Manifest, times: Times, now: datetime, book: VerificationLog) -> None:
    """Add CMP-OLD-HEAD if the head is more than a day older than the bundle, CMP-MADE-AT if it is younger.

    CMP-MADE-AT also if the bundle claims to be made later than `now`; it is then judged as of `now`.
    """
    if judged_at(manifest, now) < instant(manifest.made_at):
        book.remark("CMP-MADE-AT", f"made, it says, at {manifest.made_at}, which is still to come")
    creation, seen = instant(manifest.made_at), times.head_seen()
    cosigned = times.seen_at(note_digest(times.heads.head.note))
    if seen is not None and creation - seen > A_DAY:
        says = (
            f"made, it says, at {wire(creation)}, on a head of {wire(seen)}: what the log took in between is not here"
        )
        book.remark("CMP-OLD-HEAD", says)
    elif cosigned is not None and creation < cosigned - DRIFT:
        book.remark("CMP-MADE-AT", f"made, it says, at {wire(creation)}, and the head was cosigned at {wire(cosigned)}")


def _closed(entries: Mapping[int, Entry]) -> set[tuple[int, str]]:
    """Return (log index, name) of every sealed field that is not opened."""
    return {(e.index, name) for e in entries.values() for name in e.sealed if name not in e.digests}


def _check_withheld(entries: Mapping[int, Entry], manifest: Manifest, book: VerificationLog) -> None:
    closed = _closed(entries)
    listed = {(c.index, c.field) for c in manifest.withheld}
    counted_only = manifest.audience in COUNTED_ONLY
    if manifest.withheld_count != len(closed) or (not counted_only and listed != closed):
        says = f"the maker speaks of {counted(manifest.withheld_count, 'closed value')}, there are {len(closed)}"
        book.remark("CMP-WITHHELD", says, *(entries[n].leaf for n in sorted({n for n, _ in closed})))


def _check_audience(entries: Sequence[Entry], manifest: Manifest, book: VerificationLog) -> None:
    role = manifest.audience
    hidden = tuple(e.leaf for e in entries if not visible(e.kind, role))
    if hidden:
        book.remark("CMP-AUDIENCE", f"{role} is not among those to whom entries of this kind are shown", *hidden)
    opened = {e.leaf: sorted(e.digests.keys() - readable(e, role)) for e in entries}
    for leaf, names in opened.items():
        if names:
            book.remark("CMP-AUDIENCE", f"opened for {role}, who is not among its readers: {', '.join(names)}", leaf)


POLICY_CHANGE = "witness-changed"


def policy_changes(register: Mapping[int, OpenedEntry]) -> dict[int, Mapping[str, Any]]:
    """Return the public values of the changes of the policy in a register, by log index, in the known schema."""
    read = ((n, o.payload) for n, o in register.items())
    return {n: p.public for n, p in read if p.kind == POLICY_CHANGE and known(p) is not None}


def check_policy(
    changes: Mapping[int, Mapping[str, Any]], trust: Trust | None, copy: bytes | None, book: VerificationLog
) -> None:
    """Doubt POL-NEWER unless the verifier's policy is the last one that the log adopted; record if the copy differs.

    `changes` are the public values of the entries of kind witness-changed, by log index. The enclosed copy is the
    maker's choice: it never removes the doubt.
    """
    if trust is None:
        return
    newest = max(changes, default=None)
    if newest is not None and changes[newest]["policy_text"]["sha256"] != sha256(trust.raw).hexdigest():
        book.doubt("POL-NEWER", f"the log adopted another policy (entry {newest}) than yours: get it", POLICY)
    elif copy is not None and copy != trust.raw:
        book.not_proven.append(
            f"Why the policy in the {book.of} differs from yours: yours was used, and theirs was not."
        )
