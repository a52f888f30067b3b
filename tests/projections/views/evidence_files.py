"""Files compared with the steps of custody: one table of cases, for the program and for the verifier page.

Each case is what happened and a file in somebody's hand. `expected` is what the program says of it (`trace`), in the
words of `comity check`; a test of the program names the result of each case, a test of the page holds it to the same.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from msgspec.structs import replace

from ledger.entries.case import Case, Entry, Unread, wire
from projections.views.custody import CustodyStep, custody, disclosures, standing, trace
from projections.views.exhibit_digests import Digest
from projections.views.replaced import EVER
from tests.support.scenarios import LABELS, OFFICES, Fact, disclosed, fact, given, issued

A, B, C, D = "a" * 64, "b" * 64, "c" * 64, "d" * 64


def manifest(*files: tuple[str, str]) -> dict[str, Any]:
    return {"elements": ["name"], "files": [{"name": n, "size": 1, "sha256": d} for n, d in files]}


def hands_over(label: str, day: int, *files: tuple[str, str], **more: Any) -> Fact:
    return disclosed(f"2027-03-{day:02}T09:00Z", label=label, **{"manifest": manifest(*files), **more})


def arrives(label: str, day: int, exhibit: str | None, *files: tuple[str, str], **more: Any) -> Fact:
    said = {**({"exhibit": exhibit} if exhibit else {}), **({"manifest": manifest(*files)} if files else {}), **more}
    return fact("evidence-received", f"2027-03-{day:02}T10:00Z", "orn", "RET", label=label, check="equal", **said)


def moves(label: str, day: int, exhibit: str, digest: str, hands: str = "orn lab", **more: Any) -> Fact:
    gives, takes = hands.split()
    said = {"exhibit": exhibit, "released_by": gives, "received_by": takes, "check": "equal"}
    both = {"digest_before": digest, "digest_after": digest, **more}
    return fact("custody-transferred", f"2027-03-{day:02}T11:00Z", gives, "RET", label=label, **said, **both)


TWO = (
    hands_over("one", 5, ("a.zip", A)),
    hands_over("two", 6, ("b.zip", B)),
    arrives("got a", 7, "EX-A", ("a.zip", A), about="one"),
    arrives("got b", 7, "EX-B", ("b.zip", B), about="two"),
    moves("move a", 8, "EX-A", A),
    moves("move b", 9, "EX-B", B),
    moves("back a", 10, "EX-A", A, "lab orn"),
)
WRONG = moves("wrong b", 11, "EX-B", C, "lab orn")
AGAIN = hands_over("again", 8, ("b.zip", C), replaces="two", why="the other file")
BOTH = {
    "elements": ["name"],
    "files": [{"name": "a.zip", "size": 1, "sha256": A, "sha512": "1" * 128, "digest": "md5:" + "2" * 32}],
}


class Held(NamedTuple):
    """What happened, a file, and the expected result.

    Verdict; labels of the entries with an equal digest and with another one; the first with an equal one; the first
    with another one after the last equal one; the disclosure that states it; the one that is only reported to.
    """

    facts: tuple[Fact, ...]
    file: Digest
    verdict: str
    equal: str = ""
    differs: str = ""
    first: str | None = None
    changed: str | None = None
    given: str | None = None
    reported: str | None = None


def _closed(why: Unread) -> tuple[Fact, ...]:
    hidden: dict[str, Any] = {"digest_before": why, "digest_after": why}
    return (hands_over("one", 5, manifest=why), moves("move", 8, "E", A, **hidden))


CASES: dict[str, Held] = {
    "the file that was disclosed": Held(
        TWO, Digest("a.zip", 1, A, None), "equal", "one, got a, move a, back a", first="one", given="one"
    ),
    "the file under another name": Held(
        TWO, Digest("renamed", 1, B, None), "equal", "two, got b, move b", first="two", given="two"
    ),
    "a file changed in the reader's hands": Held(TWO, Digest("b.zip", 1, C, None), "differs", "", "two, got b, move b"),
    "a file that no entry states": Held(TWO, Digest("other.zip", 1, D, None), "unknown"),
    "a genuine file whose digest changed at a hand": Held(
        (*TWO, WRONG), Digest("b.zip", 1, B, None), "equal", "two, got b, move b", "wrong b", "two", "wrong b", "two"
    ),
    "the file that it became at a hand": Held(
        (*TWO, WRONG), Digest("b.zip", 1, C, None), "differs", "wrong b", "two, got b, move b", "wrong b"
    ),
    "withheld digests": Held(_closed(Unread.WITHHELD), Digest("a.zip", 1, A, None), "unknown"),
    "erased digests": Held(_closed(Unread.ERASED), Digest("a.zip", 1, A, None), "unknown"),
    "one that a replacement took back": Held((*TWO[:2], AGAIN), Digest("b.zip", 1, B, None), "differs", "", "again"),
    "two digests of one file, both right": Held(
        (hands_over("one", 5, manifest=BOTH),),
        Digest("a.zip", 1, A, "1" * 128),
        "equal",
        "one",
        first="one",
        given="one",
    ),
    "two digests of one file, one wrong": Held(
        (hands_over("one", 5, manifest=BOTH),), Digest("a.zip", 1, A, "3" * 128), "differs", "", "one"
    ),
    "an equal digest of a broken algorithm": Held(
        (hands_over("one", 5, manifest=BOTH),), Digest("a.zip", 1, None, None, "md5:" + "2" * 32), "unknown"
    ),
    "a working copy": Held(
        (
            *TWO,
            fact(
                "working-copy-made",
                "2027-03-11T09:00Z",
                "lab",
                "LAB",
                label="copy",
                exhibit="EX-B",
                copy="EX-B/1",
                check="equal",
                digest_before=B,
                digest_after=B,
            ),
            moves("copy moves", 12, "EX-B/1", C, "lab orn"),
        ),
        Digest("b.zip", 1, B, None),
        "equal",
        "two, got b, move b, copy",
        "copy moves",
        "two",
        "copy moves",
        "two",
    ),
    "a receipt of a step that was replaced by a disclosure": Held(
        (
            moves("moved", 5, "E", A),
            arrives("got", 6, None, about="moved"),
            hands_over("answer", 7, ("a.zip", A), by="orn", role="RET", replaces="moved", why="wrong kind"),
        ),
        Digest("a.zip", 1, A, None),
        "equal",
        "answer",
        first="answer",
    ),
    "a disclosure by an office in a role that it did not hold": Held(
        (hands_over("one", 5, ("a.zip", A), by="orn", role="RET"), arrives("got", 7, "E")),
        Digest("a.zip", 1, A, None),
        "equal",
        "one",
        first="one",
    ),
    "a disclosure whose signer's key did not hold the role": Held(
        (replace(hands_over("one", 5, ("a.zip", A)), held=False),),
        Digest("a.zip", 1, A, None),
        "equal",
        "one",
        first="one",
    ),
    "a file that only a receipt states": Held(
        (hands_over("one", 5), arrives("got", 7, "E", ("a.zip", A))),
        Digest("a.zip", 1, A, None),
        "equal",
        "got",
        first="got",
    ),
    "a disclosure that another office reports": Held(
        (hands_over("told", 5, ("a.zip", A), by="orn", role="RET", speaks="observation", whose="skylark"),),
        Digest("a.zip", 1, A, None),
        "equal",
        "told",
        first="told",
        reported="told",
    ),
    "a reported disclosure of an office that is not registered": Held(
        (hands_over("told", 5, ("a.zip", A), by="orn", role="RET", speaks="observation", whose="sky"),),
        Digest("a.zip", 1, A, None),
        "equal",
        "told",
        first="told",
        reported="told",
    ),
    "a disclosure that its receipt is dated before": Held(
        (arrives("got", 5, "E", ("a.zip", A)), hands_over("one", 6, ("a.zip", A))),
        Digest("a.zip", 1, A, None),
        "equal",
        "got, one",
        first="got",
        given="one",
    ),
    "a disclosure whose digest its replacement leaves out": Held(
        (
            hands_over("one", 5, ("a.zip", A)),
            arrives("got", 6, "E", about="one"),
            hands_over("again", 7, replaces="one", why="an element"),
        ),
        Digest("a.zip", 1, A, None),
        "equal",
        first="one",
        given="one",
    ),
}


def case_of(facts: tuple[Fact, ...]) -> Case:
    return given(issued("2027-03-01T09:00Z"), *facts).case


def evidence_of(case: Case, file: Digest, at: datetime = EVER) -> dict[str, Any]:
    """Return what the program says of a file, in the form of the page's answer."""
    hands = custody(case, at)
    found = trace(standing(hands), file)
    before = trace([hand for hand in hands if hand.replaced is not None], file)
    return {
        "verdict": found.verdict,
        "equal": _leaves(found.equal),
        "differs": _leaves(found.differs),
        "replaced": [h.entry.leaf for h in (*before.equal, *before.differs)],
        "unread": [h.entry.leaf for h in standing(hands) if h.unread],
        **{name: e and e.leaf for name, e in zip(("given", "reported"), disclosures(case, at, found), strict=True)},
        "changed": next(
            (h.entry.leaf for h in found.differs if found.equal and h.entry.on > found.equal[-1].entry.on), None
        ),
    }


def _leaves(hands: Sequence[CustodyStep]) -> list[str]:
    return [hand.entry.leaf for hand in hands]


def labelled(leaves: list[str]) -> str:
    return ", ".join(LABELS[leaf] for leaf in leaves)


def question(case: Case, file: Digest, at: datetime = EVER) -> dict[str, Any]:
    """Return the question to the page about a file at a moment."""
    known = {"name": file.name, "size": file.size, "sha256": file.sha256, "sha512": file.sha512}
    own, registry = ([plain_entry(e) for e in entries] for entries in (case.entries, case.registry))
    return {"own": own, "registry": registry, "at": wire(at), "file": known, "digests": [file.digest]}


def plain_entry(e: Entry) -> dict[str, Any]:
    """Return an entry as the page is asked about it: `closed` are sealed fields that cannot be read."""
    names = ("leaf", "index", "order", "seq", "kind", "by", "role", "party", "speaks", "whose", "replaces", "origin")
    closed = {name: value.value for name, value in e.sealed.items() if isinstance(value, Unread)}
    return {
        **{name: getattr(e, name) for name in (*names, "place", "held", "proves")},
        "on": wire(e.on),
        "at": wire(e.at),
        "isWrapped": e.received is not None,
        "public": dict(e.public),
        "sealed": {name: value for name, value in e.sealed.items() if name not in closed},
        "closed": closed,
    }


def stories(number: int, seed: int) -> Iterator[tuple[Case, Digest, datetime]]:
    """Yield cases at random, a file and a moment: disclosures, exhibits, copies, replacements, closed values."""
    chance = random.Random(seed)
    for n in range(number):
        facts: list[Fact] = []
        for step in range(chance.randint(1, 9)):
            facts.append(_step(chance, f"{n}/{step}", facts))
        digest = chance.choice((A, B, C, D))
        name = chance.choice(("a", "b", "c"))
        moment = datetime(2027, 3, chance.randint(2, 31), tzinfo=UTC)
        file = Digest(name, 1, digest, chance.choice((None, digest * 2)), None)
        yield case_of(tuple(facts)), file, chance.choice((EVER, moment))


def _step(chance: random.Random, label: str, before: list[Fact]) -> Fact:
    def digest() -> Any:
        return chance.choice((A, A, B, B, C, None, Unread.WITHHELD))

    def files() -> Any:
        listed = [
            {"name": name, "size": 1, "sha256": d, **({"sha512": d * 2} if chance.random() < 0.3 else {})}
            for name in ("a", "b")
            if (d := chance.choice((A, B, C, None)))
        ]
        return chance.choice((Unread.ERASED, {"elements": ["name"], "files": listed}, *(3 * [manifest(("a", A))])))

    kinds = ("data-disclosed", "data-transmitted-by-state", "evidence-received", "custody-transferred")
    kind = chance.choice((*kinds, "working-copy-made"))
    by, role = chance.choice((("skylark", "SP"), ("orn", "RET"), ("ilves", "ISS"), ("central", "CAR")))
    more: dict[str, Any] = {}
    if chance.random() < 0.2 and before:
        old = chance.choice(before)
        more = {"replaces": old.label, "why": "wrong"}
        by, role = old.by, old.role
    elif chance.random() < 0.15:
        more = {"speaks": "observation", "whose": chance.choice(tuple(OFFICES))}
    if kind in kinds[:3]:
        more["manifest"] = files()
    else:
        more |= {"digest_before": digest(), "digest_after": digest()}
    if kind not in kinds[:2] and chance.random() < 0.8:
        more["exhibit"] = chance.choice(("E", "F"))
    if kind == "working-copy-made":
        more["copy"] = chance.choice(("E/1", "F"))
    if kind in kinds[1:3] and before and chance.random() < 0.5:
        more["about"] = chance.choice(before).label
    stated = {name: value for name, value in more.items() if value is not None}
    return fact(kind, f"2027-03-{chance.randint(2, 28):02}T09:00Z", by, role, label=label, **stated)
