"""Review what Comity depends on: `python -m release.review [--offline | --tools PYTHON]`.

The pinned packages of every requirements file, the lowest versions that pyproject.toml allows, and the npm
packages of the verifier page. Offline: pins, hashes and licences. With the registries: advisories, yanked
releases, newer majors. A question without an answer is listed as `not asked`, never as nothing found. A source
of advisories is believed only if it names one of a release that is known to have some.

Exit 0: nothing is left to decide. 1: there are findings. 3: no findings, but questions that could not be asked.
Exceptions, each with its reason, are in requirements/decided.toml.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

from license_expression import ExpressionError, get_spdx_licensing  # type: ignore[import-untyped]
from packaging.utils import canonicalize_name
from packaging.version import Version

from release.pins import ROOT, Malformed, Pin, asked, decided, floor, licence, pins, scripts

REQUIREMENTS = ("run.txt", "dev.txt", "interop.txt", "ray.txt", "docs.txt", "witness.txt", "hi1.txt", "review.txt")
# Whose licences bind Comity: what is installed with it and what builds it. The others are peers of `make interop`
# and of `make docs`: programs of its tests, never imported and never shipped.
LICENSED = ("run.txt", "dev.txt", "review.txt")
# Releases with published advisories. A source that does not name them is not asked about others.
CONTROL = Pin("jinja2", "2.10", ())
NPM_CONTROL = ("minimist", "0.0.8")
SERVICES = ("pypi", "osv")

SPDX = get_spdx_licensing()

Release = tuple[str, str]  # name, version


@dataclass(frozen=True, order=True)
class ReviewFinding:
    """Something to decide: a code of this module, the package, what was found."""

    code: str
    package: str
    says: str


@dataclass
class Review:
    """What a review found, and the questions to which it has no answer."""

    findings: set[ReviewFinding] = field(default_factory=set)
    unasked: dict[str, str] = field(default_factory=dict)

    def found(self, code: str, package: str, says: str) -> None:
        """Add a finding."""
        self.findings.add(ReviewFinding(code, package, says))


# -- without a network -------------------------------------------------------------------------------------------------


def review_pins(review: Review, root: Path) -> dict[str, list[Pin]]:
    """Every package is pinned, with a hash, at or above the version that pyproject.toml asks for."""
    files: dict[str, list[Pin]] = {}
    for name in REQUIREMENTS:
        try:
            files[name] = pins(root / "requirements" / name)
        except Malformed as e:
            review.found("UNPINNED", name, str(e))
    for name, pinned in files.items():
        for pin in pinned:
            if not pin.hashes:
                review.found("UNHASHED", pin.name, f"{name} allows any file of {pin.version}")
    by_name = {
        pin.name: pin for name in ("ray.txt", "interop.txt", "dev.txt", "run.txt") for pin in files.get(name, ())
    }
    for requirement in asked(root):
        name = canonicalize_name(requirement.name)
        if (of := by_name.get(name)) is None:
            review.found("UNPINNED", name, "pyproject.toml asks for it, no requirements file pins it")
        elif not requirement.specifier.contains(of.version, prereleases=True):
            review.found(
                "OUT-OF-RANGE", name, f"{of.version} is pinned, pyproject.toml asks for {requirement.specifier}"
            )
        if floor(requirement) is None:
            review.found("NO-FLOOR", name, "pyproject.toml names no lowest version")
    return files


def review_licences(review: Review, terms: Iterable[tuple[str, str | None]], decisions: dict[str, Any]) -> None:
    """Every licence is made of allowed ones: each part of an AND, one part of an OR."""
    for name, expression in terms:
        if expression is None:
            review.found("LICENCE", name, "its metadata name none that a program can read")
        elif not permitted(expression, decisions["allowed"]):
            review.found("LICENCE", name, f"{expression} is not among the allowed")


def permitted(expression: str, allowed: list[str]) -> bool:
    """Say whether an SPDX expression can be satisfied with allowed licences; False for what is no expression."""
    try:
        parsed = SPDX.parse(expression, validate=True)
    except ExpressionError:
        return False

    def met(node: Any) -> bool:
        if isinstance(node, (SPDX.AND, SPDX.OR)):
            return (all if isinstance(node, SPDX.AND) else any)(met(each) for each in node.args)
        return str(node) in allowed

    return parsed is not None and met(parsed)


def installed(packages: Iterable[str], decisions: dict[str, Any]) -> tuple[list[tuple[str, str | None]], list[str]]:
    """Return the licences of the installed packages, and the names of the others."""
    terms, absent = [], []
    for name in sorted(set(packages)):
        try:
            terms.append((name, licence(name, decisions)))
        except PackageNotFoundError:
            absent.append(name)
    return terms, absent


# -- with the registries -----------------------------------------------------------------------------------------------


def reported(tools: str, wanted: Iterable[str]) -> dict[str, Any] | None:
    """Return what pip would install for these requirements, by name: version, metadata, is_yanked; None for an error.

    Only wheels are looked at: to read the metadata of a source archive, pip would run it.
    """
    command = [tools, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--no-deps", "--quiet"]
    command += ["--ignore-requires-python", "--only-binary", ":all:"]
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch, "report.json")
        command += ["--report", str(file), *wanted]
        if subprocess.run(command, check=False, capture_output=True).returncode:
            return None
        report = json.loads(file.read_text("utf-8"))
    return {canonicalize_name(each["metadata"]["name"]): each for each in report["install"]}


def each_reported(tools: str, wanted: Iterable[str]) -> dict[str, Any]:
    """Return the same, without the packages of which the index has nothing: one of them hides all others at first."""
    wanted = list(wanted)
    if (report := reported(tools, wanted)) is not None:
        return report
    if len(wanted) == 1:
        return {}
    half = len(wanted) // 2
    return each_reported(tools, wanted[:half]) | each_reported(tools, wanted[half:])


def advisories(tools: str, releases: Iterable[Release], service: str) -> dict[Release, list[str]] | None:
    """Return the ids of the advisories of each release that the service knows; None where it does not answer."""
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch, "asked.txt")
        file.write_text("".join(f"{name}=={version}\n" for name, version in releases), "utf-8")
        command = [tools, "-m", "pip_audit", "--disable-pip", "--no-deps", "-r", str(file), "-f", "json"]
        command += ["-s", service, "--progress-spinner", "off", "--timeout", "15"]
        answer = subprocess.run(command, check=False, capture_output=True, text=True).stdout
    try:
        packages = json.loads(answer)["dependencies"]
    except (ValueError, KeyError):
        return None
    # A package that was skipped was not asked about, whatever the exit code of pip-audit.
    return {
        (canonicalize_name(each["name"]), each["version"]): [v["id"] for v in each["vulns"]]
        for each in packages
        if "vulns" in each
    }


def review_advisories(review: Review, tools: str, releases: set[Release]) -> None:
    """Ask each service about every release; a service that does not name the control's advisories is not believed."""
    by_release: dict[Release, list[str]] = {}
    for service in SERVICES:
        control = advisories(tools, [(CONTROL.name, CONTROL.version)], service) or {}
        if not control.get((CONTROL.name, CONTROL.version)):
            continue
        for sheet in one_version_each(releases):
            for release, ids in (advisories(tools, sheet, service) or {}).items():
                by_release[release] = [*by_release.get(release, []), *ids]
    for (name, version), ids in by_release.items():
        if ids:
            review.found("ADVISORY", name, f"{version}: {', '.join(sorted(set(ids)))}")
    if missing := releases - by_release.keys():
        listed = ", ".join(f"{name} {version}" for name, version in sorted(missing)[:3])
        review.unasked["advisories"] = f"{len(missing)} of {len(releases)} releases ({listed}, ...)"


def one_version_each(releases: Iterable[Release]) -> list[list[Release]]:
    """Return lists of releases, none with two versions of one package: neither pip nor pip-audit takes two at once."""
    sheets: list[dict[str, str]] = []
    for name, version in sorted(releases):
        sheet = next((s for s in sheets if name not in s), None)
        if sheet is None:
            sheets.append(sheet := {})
        sheet[name] = version
    return [list(sheet.items()) for sheet in sheets]


def review_releases(
    review: Review, tools: str, files: dict[str, list[Pin]], floors: set[Release], decisions: dict[str, Any]
) -> None:
    """Ask the index which releases were yanked, their licences, and the newest release of each package."""
    pinned = {(pin.name, pin.version) for group in files.values() for pin in group}
    binding = {(pin.name, pin.version) for name in LICENSED for pin in files.get(name, ())}
    reports: dict[Release, Any] = {}
    for sheet in one_version_each(pinned | floors):
        report = each_reported(tools, [f"{name}=={version}" for name, version in sheet])
        reports |= {(name, version): report[name] for name, version in sheet if name in report}
    for (name, version), each in reports.items():
        if each.get("is_yanked"):
            review.found("YANKED", name, f"{version} was taken back by its makers")
    review_licences(
        review,
        [(of[0], licence(of[0], decisions, reports[of]["metadata"])) for of in binding & reports.keys()],
        decisions,
    )
    newest = each_reported(tools, sorted({name for name, _ in pinned}))
    for name, version in sorted(pinned):
        if name in newest and (latest := Version(newest[name]["metadata"]["version"])).major > Version(version).major:
            review.found("MAJOR", name, f"{version} is pinned, the newest is {latest}")
    for question, missing in (
        ("yanked releases", {f"{name} {version}" for name, version in (pinned | floors) - reports.keys()}),
        ("licences", {name for name, _ in binding - reports.keys()}),
        ("newer majors", {name for name, _ in pinned} - newest.keys()),
    ):
        if missing:
            review.unasked[question] = f"the index has no wheel of {', '.join(sorted(missing))}"


def npm(*command: str, folder: Path | None = None) -> dict[str, Any] | None:
    """Return npm's answer; None where there is none, or an error."""
    try:
        run = subprocess.run(["npm", *command, "--json"], check=False, capture_output=True, cwd=folder, timeout=120)
        answer = json.loads(run.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return answer if isinstance(answer, dict) and "error" not in answer else None


def review_npm(review: Review, decisions: dict[str, Any], root: Path) -> None:
    """Check the scripts of the verifier page: digests and licences as pinned, deprecated, newer, with advisories."""
    bundled = scripts(root)
    for script in bundled:
        answer = npm(
            "view", f"{script.name}@{script.version}", "name", "version", "license", "deprecated", "dist.integrity"
        )
        newest = npm("view", script.name, "name", "version")
        if answer is None or newest is None:
            review.unasked[f"npm: {script.name}"] = "the registry does not answer"
            continue
        if answer.get("license") != script.licence:
            review.found("LICENCE", script.name, f"{script.licence} is noted, its package says {answer.get('license')}")
        if answer.get("deprecated"):
            review.found("YANKED", script.name, f"{script.version} is deprecated: {answer['deprecated']}")
        if Version(newest["version"]).major > Version(script.version).major:
            review.found("MAJOR", script.name, f"{script.version} is pinned, the newest is {newest['version']}")
    with tempfile.TemporaryDirectory() as scratch:
        wanted = dict([NPM_CONTROL, *((s.name, s.version) for s in bundled)])
        package = {"name": "asked", "version": "0.0.0", "private": True, "dependencies": wanted}
        Path(scratch, "package.json").write_text(json.dumps(package), "utf-8")
        npm("install", "--package-lock-only", "--ignore-scripts", "--no-audit", folder=Path(scratch))
        answer = npm("audit", folder=Path(scratch)) or {}
    vulnerable = answer.get("vulnerabilities") or {}
    if NPM_CONTROL[0] not in vulnerable:
        review.unasked["npm: advisories"] = ", ".join(script.name for script in bundled)
    for script in bundled:
        if script.name in vulnerable:
            review.found("ADVISORY", script.name, f"{script.version}: npm audit names it")


# -- the whole ---------------------------------------------------------------------------------------------------------


def reviewed(root: Path = ROOT, tools: str | None = None) -> Review:
    """Review everything; without `tools`, a Python that has pip and pip-audit, only what needs no network."""
    review, decisions = Review(), decided(root)
    files = review_pins(review, root)
    pinned = {(pin.name, pin.version) for group in files.values() for pin in group}
    floors: set[Release] = {(canonicalize_name(r.name), low) for r in asked(root) if (low := floor(r)) is not None}
    review_licences(review, ((script.name, script.licence) for script in scripts(root)), decisions)
    if tools is None:
        terms, absent = installed((pin.name for name in LICENSED for pin in files.get(name, ())), decisions)
        review_licences(review, terms, decisions)
        review.unasked["advisories, yanked releases, newer majors"] = "--offline"
        if absent:
            review.unasked["licences"] = f"{len(absent)} packages that are not installed here: {', '.join(absent)}"
        return review
    review_releases(review, tools, files, floors, decisions)
    review_advisories(review, tools, pinned | floors)
    review_npm(review, decisions, root)
    return review


def without_exceptions(review: Review, decisions: dict[str, Any], *, all_asked: bool) -> list[ReviewFinding]:
    """Return the findings that no exception covers, and each exception that covers nothing, once all was asked."""
    excepted = {(e["code"], e["package"]) for e in decisions["exception"]}
    left = [f for f in sorted(review.findings) if (f.code, f.package) not in excepted]
    unused = excepted - {(f.code, f.package) for f in review.findings}
    if all_asked and not review.unasked:
        left += [
            ReviewFinding("STALE", package, f"the exception {code} covers nothing") for code, package in sorted(unused)
        ]
    return left


def main() -> None:
    """Print findings, then what was not asked; exit 0, 1 or 3."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--offline", action="store_true", help="only what needs no network; exit 0 without an answer")
    parser.add_argument("--tools", help="a Python that has pip and pip-audit")
    args = parser.parse_args()
    if args.offline == bool(args.tools):
        parser.error("either --offline or --tools PYTHON")
    review = reviewed(tools=args.tools)
    left = without_exceptions(review, decided(), all_asked=not args.offline)
    for finding in left:
        print(f"{finding.code:<12} {finding.package}: {finding.says}")  # noqa: T201
    for question, why in sorted(review.unasked.items()):
        print(f"{'not asked':<12} {question}: {why}")  # noqa: T201
    print(f"{len(left)} findings, {len(review.findings) - len(left)} decided before, {len(review.unasked)} not asked")  # noqa: T201
    raise SystemExit(1 if left else 3 if review.unasked and not args.offline else 0)


if __name__ == "__main__":
    main()
