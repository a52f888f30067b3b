"""A failing case made small: mutations left out, then deeds, then everything else that can be plain."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from ledger.errors import RecordError
from tests.browser.support.node import Asked
from tests.fuzz.cases import Case, case_with
from tests.fuzz.oracle import Failure, failures
from tests.fuzz.script import Deed, Expect, Kept, Script, Verifier, Wrap

SECONDS = 60.0


def shrunk(case: Case, failure: Failure, page: Asked | None, seconds: float = SECONDS) -> Kept:
    """Return the smallest script found in time that fails in the same way, as it is kept."""
    end = time.monotonic() + seconds

    def fails(script: Script, expects: list[Expect], honest: bool) -> bool:
        if time.monotonic() > end:
            return False
        thorough = failure.kind in ("twice", "monotone", "differs", "page-crash")
        try:
            found = failures(script, expects, page, thorough=thorough, honest=honest)
        except (RecordError, LookupError):
            return False  # no such bundle can be made any more
        return failure.name in {f.name for f in found} and all(f.kind != "generator" for f in found)

    lies = list(case.lies)
    for lie in case.lies:
        rest = [other for other in lies if other != lie]
        smaller = case_with(case.seed, rest)
        if len(rest) < len(lies) and fails(smaller.script, smaller.expects, smaller.honest):
            lies = rest
    small = case_with(case.seed, lies)
    script = _plain(_fewer(small.script, small.expects, lambda s: fails(s, small.expects, small.honest)), small, fails)
    names = [f"{name}:{own}" for name, own in small.lies]
    return Kept(failure.says, script, small.expects, case.seed, names)


def _fewer(script: Script, expects: list[Expect], fails: Callable[[Script], bool]) -> Script:
    """Leave out the deeds that do not matter: halves first, then one by one."""
    kept = {id for e in expects for id in (*e.keeps, *e.weightless)}
    kept |= {id for d in script.deeds if d.id in kept for id in _named(msgspec.to_builtins(d))}
    size = max(1, len(script.deeds) // 2)
    while True:
        loose = [d.id for d in script.deeds if d.id not in kept]
        for start in range(0, len(loose), size):
            smaller = script.without(*loose[start : start + size])
            if len(smaller.deeds) < len(script.deeds) and fails(smaller):
                script = smaller
        if size == 1:
            return script
        size //= 2


def _named(value: Any) -> Iterator[str]:
    """Return the deeds that a deed names."""
    if isinstance(value, dict):
        if "$" in value:
            yield value.get("of", "")
        for each in value.values():
            yield from _named(each)
    elif isinstance(value, list):
        for each in value:
            yield from _named(each)


def _plain(script: Script, case: Case, fails: Callable[[Script, list[Expect], bool], bool]) -> Script:
    """Take no witnesses, the court as reader and full trust, where that does not matter."""

    def unwitnessed(s: Script) -> None:
        s.witnesses, s.quorum, s.bundle.times = 0, "none", {}

    def read_by_court(s: Script) -> None:
        s.bundle.audience, s.bundle.more = "CT", []

    def trusted(s: Script) -> None:
        s.verifier = Verifier()

    for change in (unwitnessed, read_by_court, trusted):
        smaller = script.clone()
        change(smaller)
        if fails(smaller, case.expects, case.honest):
            script = smaller
    return script


def described(kept: Kept) -> str:
    """Describe the kept case for a person: one line a deed."""
    lines = [kept.what, f"seed {kept.seed}: {', '.join(kept.mutations) or 'honest'}"]
    lines += [f"  {_line(d)}" for d in kept.script.deeds]
    bundle, verifier = kept.script.bundle, kept.script.verifier
    said = {name: getattr(bundle, name) for name in bundle.__struct_fields__ if name != "at"}
    plain = {"by": "ilves", "role": "ISS", "audience": "CT", "order": "main", "consistency": "good", "policy": "same"}
    shown = {n: v for n, v in said.items() if v and plain.get(n) != v}
    lines.append(f"  bundle: {shown}")
    lines.append(f"  verifier: {verifier}" if verifier != Verifier() else "  verifier: full trust")
    return "\n".join(lines)


def _line(deed: Deed) -> str:
    wrap: Wrap | None = deed.wraps
    parts = [
        f"{deed.id} {deed.log}/{deed.order or 'register'}: {deed.kind} by {deed.by} as {deed.role}",
        f"key {deed.key}" if deed.key else "",
        "loose" if deed.loose else "",
        f"wraps {wrap.of} under {wrap.head} ({wrap.proof})" if wrap else "",
        f"replaces {deed.replaces}" if deed.replaces else "",
        f"{deed.speaks} of {deed.whose}" if deed.whose else "",
        f"changed {deed.changes}" if deed.changes else "",
    ]
    return ", ".join(part for part in parts if part)
