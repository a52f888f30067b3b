"""Run new cases, or kept ones again; exit 1 if anything is wrong that is not known to be open."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import msgspec

from browser import build
from tests.browser.support.node import Page
from tests.fuzz.cases import Case, case
from tests.fuzz.oracle import Failure, failures
from tests.fuzz.script import Kept
from tests.fuzz.shrink import described, shrunk


def main() -> int:
    ask = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    ask.add_argument("--seed", type=int, default=0, help="the first case")
    ask.add_argument("--count", type=int, default=1_000_000, help="how many cases")
    ask.add_argument("--seconds", type=float, default=120.0, help="how long at most")
    ask.add_argument("--keep", type=Path, help="where failing scripts are written, made small")
    ask.add_argument("--only", help="one mutation alone, in every case")
    ask.add_argument("--page", type=Path, help="a built page; without it one is built")
    ask.add_argument("--no-page", action="store_true", help="the program alone")
    ask.add_argument("--open", action="store_true", help="shrink what is known to be open too")
    ask.add_argument("--replay", type=Path, nargs="+", help="kept scripts to run again")
    asked = ask.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        page = None
        if not asked.no_page:
            file = asked.page or Path(folder) / "verify.html"
            if asked.page is None:
                file.write_bytes(build.page())
            page = Page(file)
        try:
            return _again(asked.replay, page) if asked.replay else _run(asked, page)
        finally:
            if page is not None:
                page.close()


def _again(files: list[Path], page: Page | None) -> int:
    wrong = 0
    for file in files:
        kept = msgspec.json.decode(file.read_bytes(), type=Kept)
        found = failures(kept.script, kept.expects, page, thorough=True, honest=not kept.expects)
        say(f"{file.name}: " + ("\n  ".join(f"{f.kind} {f.code}: {f.says}" for f in found) or "holds"))
        wrong += bool(found)
    return 1 if wrong else 0


def _run(asked: argparse.Namespace, page: Page | None) -> int:
    begun, seen, first, done = time.monotonic(), Counter[tuple[str, str, str]](), set[tuple[str, str, str]](), 0
    for seed in range(asked.seed, asked.seed + asked.count):
        if time.monotonic() - begun > asked.seconds:
            break
        made = case(seed, asked.only)
        done += 1
        for failure in failures(made.script, made.expects, page, thorough=seed % 4 == 0, honest=made.honest):
            name = (*failure.name, failure.open)
            seen[name] += 1
            if name not in first:
                first.add(name)
                _tell(asked, made, failure, page)
    took = time.monotonic() - begun
    say(f"{done} cases from {asked.seed} in {took:.0f} s, {60 * done / took:.0f} a minute")
    for (kind, code, open), count in sorted(seen.items()):
        say(f"  {count:5} {kind} {code}" + (f" (open: {open})" if open else ""))
    return 1 if any(not open for _, _, open in seen) else 0


def _tell(asked: argparse.Namespace, made: Case, failure: Failure, page: Page | None) -> None:
    if failure.open and not asked.open:
        return
    kept = shrunk(made, failure, page)
    say(f"\n{failure.kind} {failure.code}\n{described(kept)}\n")
    if asked.keep:
        asked.keep.mkdir(parents=True, exist_ok=True)
        name = "".join(c if c.isalnum() else "-" for c in f"{failure.kind}-{failure.code}"[:60]).strip("-").lower()
        raw = msgspec.json.format(msgspec.json.encode(kept), indent=1)
        (asked.keep / f"{name}-{made.seed}.json").write_bytes(raw + b"\n")


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
