"""Try mutants; the last line is one JSON object. Exit 1 if fewer are killed than the goals ask for."""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from collections import Counter
from hashlib import sha256
from itertools import zip_longest
from pathlib import Path
from typing import Any

from tests.mutate.baseline import ROOT, SLOW, Baseline, digest_of
from tests.mutate.page import page_mutants
from tests.mutate.sites import AREAS, Mutant, area_of, mutants, sample

GOALS = {("integrity", "verify", "law", "storage"): 95, ("projections", "cli", "page"): 90}  # killed of 100
MOST_HARMLESS = 8  # of 100
HARMLESS = "tests/mutate/harmless.toml"
CODE = ("ledger", "projections", "server", "cli", "comity")
Line = dict[str, Any]


def main() -> int:
    ask = argparse.ArgumentParser(prog="python -m tests.mutate", description=__doc__)
    ask.add_argument("--seed", default="0", help="which sample: any word, such as the digits of a commit")
    ask.add_argument("--count", type=int, default=300, help="how many mutants, over all areas")
    ask.add_argument(
        "--keep",
        type=Path,
        default=ROOT / "build/mutate/kept.jsonl",
        help="what was tried, so that the next run goes on",
    )
    ask.add_argument("--area", choices=AREAS, action="append", help="this area; repeatable")
    ask.add_argument("--file", action="append", help="the mutants of this file alone; repeatable")
    ask.add_argument("--tests", action="append", help="ask this test file alone, for a quick look; repeatable")
    asked = ask.parse_args()
    lines = run(ROOT, asked.keep, asked.seed, asked.count, asked.area or list(AREAS), asked.file, asked.tests)
    for line in lines:
        if line["how"] == "survived":
            say(f"survived: {line['file']}:{line['line']} {line['function']}: {line['before']}  ->  {line['made']}")
    scores, good = judged(lines)
    sys.stdout.write(json.dumps({"seed": asked.seed, **scores}) + "\n")
    return 0 if good else 1


def run(
    root: Path,
    keep: Path,
    seed: str,
    count: int,
    areas: list[str],
    only: list[str] | None = None,
    tests: list[str] | None = None,
    least: float = 20,
) -> list[Line]:
    """Try `count` mutants of a tree, equally many of each area; report a line about each.

    A test hangs that takes longer than `least` seconds and twenty times what it takes without a mutant.
    """
    keep = keep.resolve()
    folder = keep.parent
    folder.mkdir(parents=True, exist_ok=True)
    program = Baseline(root, folder, "program", (), CODE)
    digests = program.copied()
    every = every_mutant(program.tree, [file for file in digests if only is None or file in only])
    parts = []
    for place, area in enumerate(areas):
        quota = count // len(areas) + (place < count % len(areas))
        sources = {file: (program.tree / file).read_bytes() for file in digests if area_of(file) == area}
        parts.append(sample(every[area], quota, f"{seed}/{area}", sources))
    chosen = [mutant for turn in zip_longest(*parts) for mutant in turn if mutant is not None]
    harmless = _harmless(root / HARMLESS)
    tree = digest_of(digests | ({"": " ".join(tests)} if tests else {}))  # others may kill what survives these
    kept = _kept(keep, digests, tree)
    results: dict[str, Line] = {}
    left = []
    for mutant in chosen:
        line = _line(mutant, digests, tree)
        if reason := harmless.get((mutant.file, mutant.function.rpartition(".")[2], mutant.before, mutant.made)):
            results[line["id"]] = line | {"how": "harmless", "by": reason}
        elif line["id"] in kept:
            results[line["id"]] = kept[line["id"]]
        else:
            left.append(mutant)
    say(f"{sum(map(len, every.values()))} mutants; {len(chosen)} are asked for, {len(left)} of them not tried yet")
    for name in ("program", "page"):
        mine = [mutant for mutant in left if (mutant.area == "page") == (name == "page")]
        if mine:
            here = program if name == "program" else Baseline(root, folder, "page", ("-m", "browser"), ())
            here.measured(digests, tests)
            _try(here, mine, keep, digests, tree, least)
    if tests is None:
        _try_slow_tests(
            root, folder, [mutant for mutant in chosen if mutant.area != "page"], keep, digests, tree, least
        )
    kept = _kept(keep, digests, tree)
    return [results.get(name) or kept[name] for name in (_line(each, digests, tree)["id"] for each in chosen)]


def every_mutant(tree: Path, files: list[str]) -> dict[str, list[Mutant]]:
    """Return the mutants of the files of a tree, by area."""
    found: dict[str, list[Mutant]] = {area: [] for area in AREAS}
    for file in files:
        if file.endswith(".py") and (area := area_of(file)):
            found[area] += mutants(file, (tree / file).read_bytes(), area)
    scripts = {file: (tree / file).read_bytes() for file in files if area_of(file) == "page"}
    if scripts:
        found["page"] = page_mutants(tree, scripts)
    return found


def _try_slow_tests(
    root: Path, folder: Path, chosen: list[Mutant], keep: Path, digests: dict[str, str], tree: str, least: float
) -> None:
    """Ask the tests of `make slow` about the mutants that survived all others, each once for a tree."""
    kept = _kept(keep, digests, tree)
    lines = {mutant: kept.get(_line(mutant, digests, tree)["id"]) for mutant in chosen}
    left = [mutant for mutant, line in lines.items() if line and line["how"] == "survived" and not line.get(SLOW)]
    if left:
        here = Baseline(root, folder, SLOW, ("-m", SLOW), CODE)
        here.measured(digests)
        _try(here, left, keep, digests, tree, least)


def _try(here: Baseline, left: list[Mutant], keep: Path, digests: dict[str, str], tree: str, least: float) -> None:
    trials, files = [], set()
    for mutant in left:
        tests, rest = _tests(here, mutant, digests[mutant.file])
        if here.name == SLOW:
            rest = None if rest is None else []  # not those of every importing file
            if not tests:
                continue
        files |= {test.partition("::")[0] for test in (*tests, *(rest or ()))}
        trials.append(
            {
                "file": mutant.file,
                "source": mutant.applied((here.tree / mutant.file).read_bytes()).decode(),
                "tests": tests,
                "seconds": {test: least + 20 * here.tests[test] for test in (*tests, *(rest or ()))},
                "rest": rest,
                "line": _line(mutant, digests, tree) | ({SLOW: True} if here.name == SLOW else {}),
            }
        )
    results = _lines(keep)

    def watch() -> None:
        for line in _lines(keep)[len(results) :]:
            results.append(line)
            say(f"{line['how']} {line['file']}:{line['line']} {line['by']}")

    if trials:
        here.session({"do": "mutants", "trials": trials, "keep": str(keep)}, sorted(files), watch)


def _tests(here: Baseline, mutant: Mutant, digest: str) -> tuple[list[str], list[str] | None]:
    """Return the tests to run: first those of files named like it, then of its folder, then the cheapest."""
    chosen, rest = set(here.tests), None
    if here.packages:
        chosen, imported = here.reaching(mutant.file, digest, mutant.function, mutant.statement)
        if imported:  # what is made while importing is used by every importing module
            chosen |= here.touching([mutant.file]) | here.naming(mutant.file)
            more = here.touching(here.importers.get(mutant.file, ())) - chosen
            rest = sorted(more, key=lambda test: (test.partition("::")[0], here.tests[test]))
    cost: Counter[str] = Counter()
    for test in chosen:
        cost[test.partition("::")[0]] += here.tests[test]  # type: ignore[assignment]
    stem = Path(mutant.file).stem

    folder = f"tests/{Path(mutant.file).parent}/"

    def order(test: str) -> tuple[bool, bool, float, str, float]:
        file = test.partition("::")[0]
        return stem not in file, not file.startswith(folder), cost[file], file, here.tests[test]

    return sorted(chosen, key=order), rest


def _line(mutant: Mutant, digests: dict[str, str], tree: str) -> Line:
    said = {"area": mutant.area, "file": mutant.file, "line": mutant.line, "function": mutant.function}
    said |= {"what": mutant.what, "before": mutant.before, "made": mutant.made}
    source = digests[mutant.file]
    name = f"{mutant.file} {source} {mutant.start} {mutant.end} {mutant.after}"
    return said | {"source": source, "tree": tree, "id": sha256(name.encode()).hexdigest()[:16]}


def _kept(keep: Path, digests: dict[str, str], tree: str) -> dict[str, Line]:
    """Return the earlier results that still hold.

    In the same tree all; in another the mutants that a test of an unchanged file has killed.
    """
    found = {}
    for line in _lines(keep):
        same = line["test"] and digests.get(line["by"].partition("::")[0]) == line["test"]
        if line["tree"] == tree or line["how"] == "timeout" or same:
            found[line["id"]] = line
    return found


def _lines(keep: Path) -> list[Line]:
    whole = keep.read_text().rpartition("\n")[0] if keep.exists() else ""  # the last line may be half written
    return [json.loads(text) for text in whole.splitlines()]


def _harmless(file: Path) -> dict[tuple[str, str, str, str], str]:
    rows = tomllib.loads(file.read_text("utf-8")).get("harmless", []) if file.exists() else []
    return {(row["file"], row["function"], row["before"], row["after"]): row["reason"] for row in rows}


def judged(lines: list[Line]) -> tuple[dict[str, Any], bool]:
    """Return the scores by area and by the goals, and whether the goals are met."""

    def score(areas: tuple[str, ...]) -> dict[str, Any]:
        how = Counter("killed" if each["how"] == "timeout" else each["how"] for each in lines if each["area"] in areas)
        results = {"tried": how.total(), **{name: how[name] for name in ("killed", "survived", "harmless")}}
        asked = how["killed"] + how["survived"]
        return results | {"score": round(100 * how["killed"] / asked, 1) if asked else None}

    parts = {area: score((area,)) for area in AREAS}
    groups = {"+".join(areas): score(areas) for areas in GOALS}
    met = [groups["+".join(areas)]["score"] or 100 for areas in GOALS]
    harmless = sum(part["harmless"] for part in parts.values())
    good = all(score >= goal for score, goal in zip(met, GOALS.values(), strict=True))
    return {**parts, **groups}, good and 100 * harmless <= MOST_HARMLESS * len(lines)


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
