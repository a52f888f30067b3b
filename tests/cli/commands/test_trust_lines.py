"""Every line that `trust` prints while a policy is made, signed, checked, handed over and taken."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cli.exit_codes import Exit
from ledger.entries.case import instant
from tests.cli.commands.test_trust import Office
from tests.support.cli import run

ANCHOR = "NO_TRUST_ANCHOR: compare the fingerprint of version 1, by telephone or on paper"


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return Office(tmp_path)


def lines(*words: object, ends: Exit = Exit.DONE) -> list[str]:
    """Run `comity trust`; return the lines of standard error."""
    done = run("trust", *map(str, words))
    assert done.exit_code == ends, done.output
    return done.stderr.splitlines()


def test_who_has_to_sign_yet_is_said_until_enough_have(office: Office) -> None:
    made = office.new("ada", "bo", "cy")
    policy = office.policy
    assert made.stderr == f"it takes 2 of its 3 roots: comity trust sign {policy} --key FILE\n"
    version, file, expires, signed, _, words = made.stdout.rstrip("\n").split("\t")
    assert (version, file, signed) == ("1", "1.trust.json", "")
    assert lines("sign", policy, "--key", office.here / "ada") == ["1 more of the roots of version 1: bo, cy"]
    assert lines("sign", policy, "--key", office.here / "cy") == []
    again = office.new("ada", "bo", "dee")
    assert again.stdout.split("\t")[:2] == ["2", "2.trust.json"]
    assert lines("sign", policy, "--key", office.here / "dee") == [
        "2 more of the roots of version 1: ada, bo, cy",
        "1 more of the roots of version 2: ada, bo",
    ]
    done = run("trust", "sign", str(policy), "--key", str(office.here / "ada"), "--json")
    answer = json.loads(done.stdout)
    assert sorted(answer["signed_by"]) == ["ada", "dee"]
    assert done.stderr.splitlines() == ["1 more of the roots of version 1: bo, cy"]
    office.sign("cy")
    assert office.new().exit_code == 0
    assert office.new("ada", "bo", "cy", threshold=1).exit_code == 0
    third = run("trust", "sign", str(policy), "--key", str(office.here / "bo"))
    assert "of version 1:" not in third.stderr, "the version before is the one that counts"
    assert expires[:4].isdigit()
    assert words.count("-") == 15


def test_a_key_that_is_no_root_is_refused_with_the_roots_that_are(office: Office) -> None:
    office.new("cy", "ada", "bo")
    said = lines("sign", office.policy, "--key", office.here / "dee", ends=Exit.REFUSED)
    assert said[0].endswith("is the key of no root")
    assert said[1] == "hint: roots are ada, bo, cy"


def text_of(office: Office) -> str:
    return "\n".join((office.ledger / "trust" / name).read_text("utf-8").strip() for name in ("registrar", "policy"))


def test_a_version_is_checked_line_by_line(office: Office) -> None:
    office.new("ada", "bo", "cy")
    unsigned = run("trust", "check", str(office.policy))
    words = office.words()
    fingerprint = f"fingerprint of version 1: {words}"
    assert unsigned.exit_code == Exit.UNDECIDABLE
    assert unsigned.stderr.splitlines() == [
        *(fingerprint, ANCHOR),
        "comity: POL-THRESHOLD 1.trust.json: 0 of the roots of version 1 signed (none), it takes 2",
        "hint: comity trust sign",
    ]
    office.sign("ada", "cy")
    done = run("trust", "check", str(office.policy))
    assert done.exit_code == Exit.FINDINGS
    assert done.stderr.splitlines() == [fingerprint, ANCHOR]
    heading, row, empty, *contents = done.stdout.rstrip("\n").split("\n")
    assert heading == "version  issued      expires     threshold  roots        signed by"
    assert re.fullmatch(r"1        \d{4}-\d\d-\d\d  \d{4}-\d\d-\d\d  2          ada, bo, cy  (ada, cy|cy, ada)", row)
    assert (empty, contents) == ("", [*f"registrar: {text_of(office)}".split("\n"), "algorithms ed25519"])
    answer = json.loads(run("trust", "check", str(office.policy), "--json").stdout)
    assert (answer["pinned"], [each["code"] for each in answer["problems"]]) == (False, ["NO_TRUST_ANCHOR"])
    pinned = run("trust", "check", str(office.policy), "--root-fingerprint", words)
    assert (pinned.exit_code, pinned.stderr.splitlines()) == (Exit.DONE, [fingerprint])
    answer = json.loads(run("trust", "check", str(office.policy), "--root-fingerprint", words, "--json").stdout)
    assert (answer["pinned"], answer["problems"], len(answer["versions"])) == (True, [], 1)


def test_a_policy_that_ran_out_is_a_finding_also_under_its_fingerprint(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.new("ada", "bo", "cy")
    office.sign("ada", "cy")
    pinned = ("--root-fingerprint", office.words())
    monkeypatch.setattr("cli.session.ledger_choice.now", lambda folder=None: datetime(2099, 1, 1, tzinfo=UTC))
    codes = [line.partition(":")[0] for line in lines("check", office.policy, *pinned, ends=Exit.FINDINGS)]
    assert codes == ["fingerprint of version 1", "POL-EXPIRED"]
    refused = lines("update", office.here / "court", office.policy, *pinned, ends=Exit.REFUSED)
    assert "POL-EXPIRED" in refused[0]
    assert not (office.here / "court").exists()


@pytest.mark.parametrize("days", [None, 1, 730])
def test_a_policy_is_in_force_for_a_year_unless_days_are_named(days: int | None, office: Office) -> None:
    if days is None:
        office.new("ada", "bo", "cy")
    else:
        office.new("ada", "bo", "cy", days=str(days))
    newest = json.loads((run("trust", "check", str(office.policy), "--json")).stdout)["newest"]
    assert instant(newest["expires"]) - instant(newest["issued"]) == timedelta(days=days or 365)
    assert "sizes" not in newest, "the log has had one key"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--root", "ada"), "--root ada: it is NAME=FILE or NAME=HEX"),
        ((), "--root NAME=KEY and --threshold K: whose signatures count, and how many it takes?"),
        (("--threshold", "2"), "--root NAME=KEY and --threshold K"),
        (("--root", f"ada={'ab' * 32}"), "--root NAME=KEY and --threshold K"),
    ],
)
def test_a_first_version_names_its_roots_and_how_many_sign(words: tuple[str, ...], says: str, office: Office) -> None:
    done = run("trust", "new", str(office.policy), "--from", str(office.ledger), *words)
    assert (done.exit_code, says in done.stderr) == (Exit.USAGE, True)
    assert not office.policy.exists()


def test_the_next_version_keeps_roots_and_threshold_and_new_roots_need_a_threshold(office: Office) -> None:
    office.new("ada", "bo", "cy", threshold=1)
    office.sign("ada")
    assert "it takes 1 of its 3 roots" in office.new().stderr
    root = ("--root", f"dee={office.here / 'dee'}.pub")
    done = run("trust", "new", str(office.policy), "--from", str(office.ledger), *root)
    assert done.exit_code == Exit.USAGE
    assert "it takes 3 of its 3 roots" in run(
        "trust", "new", str(office.policy), "--from", str(office.ledger), "--threshold", "3"
    ).stderr  # fmt: skip


def test_a_court_takes_versions_by_the_fingerprint_that_it_compared(office: Office) -> None:
    office.new("ada", "bo", "cy")
    office.sign("ada", "cy")
    court, stick, words = office.here / "court", office.stick("stick"), office.words()
    unknown = run("trust", "update", str(court), str(stick))
    assert unknown.exit_code == Exit.USAGE
    assert unknown.stderr.splitlines() == [
        "comity: nothing says which first version is the true one",
        "hint: --root-fingerprint, by another way",
    ]
    taken = run("trust", "update", str(court), str(stick), "--root-fingerprint", words, "--json")
    assert taken.stderr == f"use it with: comity verify FILE --trust {court}\n"
    assert json.loads(taken.stdout)["words"] == words
    assert sorted(path.name for path in court.iterdir()) == ["1.trust.json"]
    office.new()
    office.sign("ada", "cy")
    newer = office.stick("newer")
    assert json.loads(run("trust", "update", str(court), str(newer), "--json").stdout)["version"] == 2
    back = lines("update", court, stick, ends=Exit.REFUSED)
    assert back[0] == f"comity: POL-VERSION {stick}: {stick} ends with version 1, you hold 2"
    assert back[1] == "hint: it is older; nothing was changed"
    assert lines("update", court, newer) == [f"use it with: comity verify FILE --trust {court}"]
    (office.here / "other").mkdir()
    other = Office(office.here / "other")
    other.new("ada", "bo", "cy")
    other.sign("ada", "cy")
    fork = lines("update", court, other.stick("stick"), ends=Exit.REFUSED)
    assert fork[0].startswith("comity: POL-VERSION 1.trust.json: ")
    assert fork[0].endswith("has another version 1 than the one you hold: keep both")


def test_a_stick_is_written_into_a_new_or_an_empty_folder_and_says_when_it_has_no_page(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.new("ada", "bo", "cy")
    office.sign("ada", "cy")
    (office.here / "stick").mkdir()
    (office.here / "full").mkdir()
    (office.here / "full" / "x").touch()
    pages: list[Any] = [None, b"<html>"]
    for page, says in zip(
        pages, (["OPEN-ME-FIRST.html is not there: it has not been built here (make browser)"], []), strict=True
    ):
        monkeypatch.setattr("cli.reports.court_folder.verifier_page", lambda page=page: page)
        for number, source in enumerate((office.policy, office.ledger)):
            out = office.here / ("stick" if number == 0 and page is None else f"stick{number}{page is None}")
            assert lines("stick", source, out) == says
            assert (out / "OPEN-ME-FIRST.html").exists() == (page is not None)
            sums = (out / "SHA256SUMS").read_text("utf-8").splitlines()
            names = [line.partition("  ")[2] for line in sums]
            assert names == sorted(
                str(path.relative_to(out)) for path in out.rglob("*") if path.is_file() and path.name != "SHA256SUMS"
            )
    refused = run("trust", "stick", str(office.policy), str(office.here / "full"))
    assert refused.exit_code == Exit.USAGE
    assert "full is not empty" in refused.stderr
    assert "a stick is written into a folder of its own" in refused.stderr


def test_a_plain_folder_is_checked_by_its_fingerprint(office: Office) -> None:
    trust = office.ledger / "trust"
    open_ = run("trust", "check", str(trust), "--json")
    answer = json.loads(open_.stdout)
    assert (open_.exit_code, answer["pinned"], answer["files"]) == (Exit.FINDINGS, False, ["policy", "registrar"])
    assert open_.stderr == "NO_TRUST_ANCHOR: compare these words, by telephone or on paper\n"
    pinned = run("trust", "check", str(trust), "--root-fingerprint", answer["words"], "--json")
    assert (pinned.exit_code, pinned.stderr, json.loads(pinned.stdout)["pinned"]) == (Exit.DONE, "", True)
    stick = run("trust", "stick", str(trust), str(office.here / "stick"), "--json")
    made = json.loads(stick.stdout)
    assert (made["pinned"], made["words"]) == (False, answer["words"])
