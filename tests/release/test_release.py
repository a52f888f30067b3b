"""A release: its bill of materials, the review of what it depends on, and the signature over its digests."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from release import review
from release.build import SUMS, sums
from release.pins import EXTRAS, ROOT, Malformed, Pin, decided, licence, pins
from release.sbom import bill

# -- the bill of materials ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def text() -> str:
    return bill(1_790_000_000, "c0ffee")


@pytest.fixture(scope="module")
def bom(text: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(text)
    return read


def test_the_bill_of_materials_is_cyclonedx_1_6(text: str, bom: dict[str, Any]) -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert bom["specVersion"] == "1.6"
    bom["components"][0]["type"] = "thing"
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bom)) is not None
    bom["components"][0]["type"] = "library"


def test_the_bill_of_materials_lists_every_package_that_is_pinned_to_run_with_its_hashes(bom: dict[str, Any]) -> None:
    listed = {c["name"]: c for c in bom["components"]}
    for pin in pins(ROOT / "requirements" / "run.txt"):
        if pin.name in listed:
            assert listed[pin.name]["version"] == pin.version
            assert {h["content"] for h in listed[pin.name]["hashes"]} == set(pin.hashes)
            assert listed[pin.name]["scope"] == "required"
    assert {pin.name for pin in pins(ROOT / "requirements" / "run.txt")} <= listed.keys()


def test_the_bill_of_materials_lists_what_each_extra_adds_and_names_the_extra(bom: dict[str, Any]) -> None:
    by_extra = {
        extra: {
            c["name"] for c in bom["components"] if {"name": "comity:extra", "value": extra} in c.get("properties", ())
        }
        for extra in EXTRAS
    }
    assert {"typst", "fontpkg-noto-sans", "pylopdf-fonts-cjk"} <= by_extra["pdf"]
    assert {"psycopg", "psycopg-binary", "psycopg-pool"} <= by_extra["postgres"]
    assert {"starlette", "uvicorn", "httpx", "h11"} <= by_extra["server"]
    assert all(by_extra.values())


def test_the_bill_of_materials_lists_the_scripts_of_the_page_and_nothing_that_only_builds_or_tests(
    bom: dict[str, Any],
) -> None:
    assert {"pkg:npm/%40noble/ed25519", "pkg:npm/%40noble/post-quantum", "pkg:npm/jsqr"} <= {
        c["purl"].rpartition("@")[0] for c in bom["components"]
    }
    assert not {"pytest", "mypy", "ruff", "hatchling", "cyclonedx-python-lib"} & {c["name"] for c in bom["components"]}


def test_every_component_of_the_bill_has_a_licence_and_a_hash(bom: dict[str, Any]) -> None:
    assert [c["name"] for c in bom["components"] if not c.get("licenses") or not c.get("hashes")] == []


def test_the_bill_of_materials_names_no_path_and_no_host(text: str) -> None:
    assert re.findall(r"https?://(?!cyclonedx\.org/schema/)[^\"]*", text) == []
    assert not [part for part in (str(ROOT), str(Path.home()), "/tmp", "file:") if f"{part}/" in text]  # noqa: S108


def test_the_same_commit_has_the_same_bill_and_another_has_another(text: str) -> None:
    assert bill(1_790_000_000, "c0ffee") == text
    other = json.loads(bill(1_790_000_000, "decade"))
    assert other["serialNumber"] != json.loads(text)["serialNumber"]


# -- the review --------------------------------------------------------------------------------------------------------


def test_the_review_finds_nothing_undecided_offline_and_says_what_it_did_not_ask() -> None:
    command = [sys.executable, "-m", "release.review", "--offline"]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert "not asked    advisories, yanked releases, newer majors: --offline" in done.stdout


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return what the review reads, to be changed."""
    (tmp_path / "browser").mkdir()
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    for name in ("pyproject.toml", "browser/package-lock.json"):
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def codes(found: review.Review) -> set[tuple[str, str]]:
    return {(f.code, f.package) for f in found.findings}


def changed(file: Path, old: str, new: str) -> None:
    text = file.read_text("utf-8")
    assert re.search(old, text)
    file.write_text(re.sub(old, new, text, count=1), "utf-8")


@pytest.mark.parametrize(
    ("file", "old", "new", "found"),
    [
        ("requirements/run.txt", r"click==(\S+) \\\n(    --hash=\S+ ?\\?\n)+", r"click==\1\n", ("UNHASHED", "click")),
        ("requirements/run.txt", r"click==\S+", "click>=8", ("UNPINNED", "run.txt")),
        (
            "requirements/run.txt",
            r"click==\S+ \\\n",
            "click @ https://example.org/click.whl \\\n",
            ("UNPINNED", "run.txt"),
        ),
        ("requirements/run.txt", r"\A", "--extra-index-url https://example.org\n", ("UNPINNED", "run.txt")),
        ("requirements/run.txt", r"click==8\S+", "click==7.9", ("OUT-OF-RANGE", "click")),
        ("pyproject.toml", r'"click>=8.1,<9"', '"click<9"', ("NO-FLOOR", "click")),
        ("pyproject.toml", r'"click>=8.1,<9"', '"clack>=8.1,<9"', ("UNPINNED", "clack")),
        (
            "browser/package-lock.json",
            r'(node_modules/@noble/ed25519"[^}]*)"MIT"',
            r'\1"AGPL-3.0-only"',
            ("LICENCE", "@noble/ed25519"),
        ),
        ("requirements/decided.toml", r'"LGPL-3.0-only",', "", ("LICENCE", "psycopg")),
        ("requirements/decided.toml", r"segno = .*\n", "", ("LICENCE", "segno")),
    ],
)
def test_the_review_finds_offline(tree: Path, file: str, old: str, new: str, found: tuple[str, str]) -> None:
    assert found not in codes(review.reviewed(tree))
    changed(tree / file, old, new)
    assert found in codes(review.reviewed(tree))


@pytest.mark.parametrize(
    ("expression", "is_permitted"),
    [
        ("MIT", True),
        ("MIT OR GPL-3.0-only", True),
        ("MIT AND GPL-3.0-only", False),
        ("MIT AND (GPL-3.0-only OR BSD-3-Clause)", True),
        ("(MIT AND GPL-3.0-only) OR BSD-3-Clause", True),
        ("MIT WITH Classpath-exception-2.0", False),
        ("3-Clause BSD License", False),
        ("", False),
    ],
)
def test_a_licence_is_permitted_if_its_terms_can_be_met_with_allowed_ones(expression: str, is_permitted: bool) -> None:
    assert review.permitted(expression, ["MIT", "BSD-3-Clause"]) is is_permitted


@pytest.mark.parametrize(
    ("metadata", "is_"),
    [
        ({"license_expression": "MPL-2.0 AND MIT", "license": "other"}, "MPL-2.0 AND MIT"),
        ({"license": "Apache-2.0"}, "Apache-2.0"),
        ({"license": "BSD", "classifier": ["License :: OSI Approved :: BSD License"]}, None),
        ({"classifier": ["License :: OSI Approved :: MIT License"]}, "MIT"),
        ({"classifier": ["License :: OSI Approved :: MIT License", "License :: OSI Approved :: BSD License"]}, None),
        ({}, None),
    ],
)
def test_a_licence_is_read_only_where_metadata_name_one(metadata: dict[str, Any], is_: str | None) -> None:
    assert licence("a-package", {"licence": {}}, metadata) == is_


def answers(monkeypatch: pytest.MonkeyPatch, metadata: Callable[[str, list[review.Release]], Any]) -> review.Review:
    """Review the advisories of two releases, where `told` answers for pip-audit."""
    monkeypatch.setattr(review, "advisories", lambda tools, releases, service: metadata(service, list(releases)))
    found = review.Review()
    review.review_advisories(found, "python", {("click", "8.1"), ("babel", "2.17")})
    return found


CONTROL = (review.CONTROL.name, review.CONTROL.version)


def test_a_service_that_does_not_answer_is_not_nothing_found(monkeypatch: pytest.MonkeyPatch) -> None:
    found = answers(monkeypatch, lambda service, releases: None)
    assert found.unasked["advisories"].startswith("2 of 2 releases")


def test_a_service_that_knows_no_advisory_of_a_bad_release_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    found = answers(monkeypatch, lambda service, releases: {release: [] for release in releases})
    assert found.unasked["advisories"].startswith("2 of 2 releases")


def test_a_release_that_the_service_skips_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {CONTROL: ["PYSEC-1"], ("click", "8.1"): []}
    found = answers(monkeypatch, lambda service, releases: {r: known[r] for r in releases if r in known})
    assert found.unasked["advisories"].startswith("1 of 2 releases (babel 2.17")


def test_one_service_is_enough_and_what_it_names_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {CONTROL: ["PYSEC-1"], ("click", "8.1"): ["GHSA-1"], ("babel", "2.17"): []}
    found = answers(
        monkeypatch, lambda service, releases: {r: known[r] for r in releases} if service == "osv" else None
    )
    assert (codes(found), found.unasked) == ({("ADVISORY", "click")}, {})


def test_pip_audit_that_skips_a_package_and_ends_with_0_has_not_answered(tmp_path: Path) -> None:
    said = {
        "dependencies": [
            {"name": "click", "skip_reason": "not found"},
            {"name": "babel", "version": "2.17", "vulns": []},
        ]
    }
    tool = tmp_path / "python"
    tool.write_text(f"#!/bin/sh\necho 'No known vulnerabilities found' >&2\ncat <<'END'\n{json.dumps(said)}\nEND\n")
    tool.chmod(0o755)
    metadata = review.advisories(str(tool), [("click", "8.1"), ("babel", "2.17")], "pypi")
    assert metadata == {("babel", "2.17"): []}
    tool.write_text("#!/bin/sh\nexit 1\n")
    assert review.advisories(str(tool), [("click", "8.1")], "pypi") is None


def test_an_exception_takes_its_finding_away_and_is_one_itself_once_it_covers_nothing() -> None:
    decisions = {"exception": [{"code": "MAJOR", "package": "six", "because": "."}]}
    found = review.Review()
    found.found("MAJOR", "six", "1 is pinned, the newest is 2")
    found.found("MAJOR", "click", "8 is pinned, the newest is 9")
    assert [f.package for f in review.without_exceptions(found, decisions, all_asked=True)] == ["click"]
    assert [f.code for f in review.without_exceptions(review.Review(), decisions, all_asked=True)] == ["STALE"]
    unasked = review.Review(unasked={"newer majors": "no answer"})
    assert review.without_exceptions(unasked, decisions, all_asked=True) == []
    assert review.without_exceptions(review.Review(), decisions, all_asked=False) == []


def test_two_versions_of_one_package_are_asked_about_apart() -> None:
    sheets = review.one_version_each({("a", "1"), ("a", "2"), ("b", "1")})
    assert sorted(release for sheet in sheets for release in sheet) == [("a", "1"), ("a", "2"), ("b", "1")]
    assert all(len({name for name, _ in sheet}) == len(sheet) for sheet in sheets)


def test_every_decision_has_a_reason() -> None:
    decisions = decided()
    assert all(each["because"].strip() for each in (*decisions["licence"].values(), *decisions["exception"]))


def test_a_requirements_file_with_anything_but_pins_is_refused(tmp_path: Path) -> None:
    (tmp_path / "r.txt").write_text("# a note\nA_b==1.0 \\\n    --hash=sha256:" + "0" * 64 + "\n")
    assert pins(tmp_path / "r.txt") == [Pin("a-b", "1.0", ("0" * 64,))]
    (tmp_path / "r.txt").write_text("-r other.txt\n")
    with pytest.raises(Malformed, match=r"^r\.txt: -r other\.txt$"):
        pins(tmp_path / "r.txt")


# -- the signature -----------------------------------------------------------------------------------------------------

PAGE = (ROOT / "docs" / "how-to" / "release.md").read_text("utf-8")
CHECK = re.search(r"^```sh\n(ssh-keygen -Y verify.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """Return a folder as `make release` leaves it, with a small wheel, and the key of its signer as others have it."""
    folder = tmp_path / "dist"
    folder.mkdir()
    with zipfile.ZipFile(folder / "comity-0.1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("comity/__init__.py", "")
    (folder / "comity.cdx.json").write_text("{}")
    (folder / SUMS).write_text(sums(folder))
    ssh_keygen("-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(tmp_path / "key"))
    command = re.search(r"^\tssh-keygen (-Y sign .*)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert command
    signing = command[1].replace('"$(KEY)"', str(tmp_path / "key")).replace("dist/", f"{folder}/")
    ssh_keygen(*signing.split())
    public = (tmp_path / "key.pub").read_text()
    (folder / "allowed_signers").write_text(f'releases@comity namespaces="comity-release" {public}')
    return folder


def ssh_keygen(*command: str) -> None:
    subprocess.run(["ssh-keygen", *command], check=True, capture_output=True)


def is_good(folder: Path) -> bool:
    """Return what the commands of docs/how-to/release.md say, typed as they are there."""
    assert CHECK
    done = subprocess.run(["sh", "-e", "-c", CHECK[1]], cwd=folder, check=False, capture_output=True, env=os.environ)
    return done.returncode == 0


def test_a_release_is_checked_by_ssh_keygen_and_sha256sum_as_the_page_says(release: Path) -> None:
    assert is_good(release)


def test_a_changed_wheel_fails(release: Path) -> None:
    wheel = next(release.glob("*.whl"))
    wheel.write_bytes(wheel.read_bytes()[:-1] + b"\x01")
    assert not is_good(release)


def test_a_wheel_that_is_not_there_fails(release: Path) -> None:
    next(release.glob("*.whl")).unlink()
    assert not is_good(release)


def test_a_changed_wheel_with_its_digest_put_into_the_list_fails(release: Path) -> None:
    wheel = next(release.glob("*.whl"))
    wheel.write_bytes(wheel.read_bytes() + b"more")
    (release / SUMS).write_text(
        "".join(line for line in sums(release).splitlines(True) if "allowed_signers" not in line)
    )
    assert not is_good(release)


def test_a_signature_by_another_key_or_for_another_purpose_fails(release: Path, tmp_path: Path) -> None:
    ssh_keygen("-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "other"))
    for key, purpose in (("other", "comity-release"), ("key", "file")):
        (release / f"{SUMS}.sig").unlink()
        ssh_keygen("-Y", "sign", "-f", str(tmp_path / key), "-n", purpose, str(release / SUMS))
        assert not is_good(release)
