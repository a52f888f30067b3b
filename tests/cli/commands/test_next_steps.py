"""What `judge`, `due` and `law deadline` say would settle a point can be recorded, and then settles it."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from ledger.tlog.note import parse_checkpoint
from ledger.tlog.tree import check_inclusion, parse_proof
from tests.support.cli import ledger_of, run

HEAD = "order,kind,occurred,actor,instrument,from_party,to_party,providers,proof_kind,channel,addressee\n"
FILLED = {"TEXT": "it was stamped", "FILE": __file__}


def imported(folder: Path, *rows: str) -> Path:
    """Return a ledger with these rows of a table, recorded by the issuing authority long after the events."""
    ledger = ledger_of("S1", folder)
    (folder / "orders.csv").write_text(HEAD + "".join(f"{row}\n" for row in rows))
    done = run("import", str(folder / "orders.csv"), "--as", "ilves", ledger=ledger)
    assert done.exit_code == 0, done.output
    return ledger


def order(name: str, instrument: str, proof: str) -> tuple[str, str, str]:
    return (
        f"{name},order-issued,2026-09-01T09:00:00Z,,{instrument},XO,XV,skylark,,,",
        f"{name},order-transmitted,2026-09-02T07:00:00Z,,,,,,,mail,skylark",
        f"{name},order-received,2026-09-02T08:30:00Z,,,,,,{proof},,",
    )


def document(*args: str, ledger: Path) -> Any:
    return json.loads(run(*args, "--json", ledger=ledger).stdout)


def recorded(command: str, ledger: Path, office: str = "ilves", words: Mapping[str, str] = {}) -> None:
    """Record what a next step says, with the words in capitals filled in."""
    known = {**FILLED, **words}
    program, *typed = shlex.split(command)
    assert program == "comity"
    typed = [re.sub(r"[A-Z]{3,}$", lambda word: known.get(word[0], word[0]), word) for word in typed]
    done = run(*typed, "--as", office, "--yes", ledger=ledger)
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("proof", ["", "own-stamp", "delivery-receipt"])
@pytest.mark.parametrize(("instrument", "clock"), [("2AP-7", "D-7-7"), ("EPOC", "E-10-3"), ("EPOC-PR", "E-11-1")])
def test_recording_what_it_says_makes_the_clock_of_an_imported_receipt_compute(
    tmp_path: Path, instrument: str, clock: str, proof: str
) -> None:
    ledger = imported(tmp_path, *order("H-1", instrument, proof))
    (before,) = document("law", "deadline", clock, "H-1", ledger=ledger)["deadlines"]
    assert (before["verdict"], before["due"]) == ("UNDETERMINED", None)
    (step,) = before["next"]
    recorded(step["command"], ledger)
    after = document("law", "deadline", clock, "H-1", ledger=ledger)["deadlines"]
    assert all(d["due"] is not None and d["next"] == [] for d in after)


def test_judge_and_due_name_the_same_step(tmp_path: Path) -> None:
    ledger = imported(tmp_path, *order("H-1", "EPOC", ""))
    (explained,) = document("law", "deadline", "E-10-3", "H-1", ledger=ledger)["deadlines"]
    judged = document("judge", "H-1", ledger=ledger)
    (clock,) = [c for c in judged["deadlines"] if c["id"] == "E-10-3"]
    (item,) = [d for d in document("due", "--only", "undetermined", ledger=ledger)["due"] if d["id"] == "E-10-3"]
    assert explained["next"] == clock["next"] == item["next"]
    (gap,) = [f for f in judged["findings"] if f["code"] == "G-CLOCK-UNDETERMINED"]
    assert clock["next"][0] in gap["next"]
    assert clock["next"][0] in judged["criteria"]["A6"]["next"]
    shown = run("judge", "H-1", ledger=ledger).stdout
    assert f"          {clock['next'][0]['command']}\n" in shown
    assert clock["next"][0]["command"] in run("due", ledger=ledger).stderr


def points(judged: Any) -> dict[str, list[dict[str, Any]]]:
    """Return the next steps of the findings by code, and of the open duties by their sentence."""
    findings = {f["code"]: f["next"] for f in judged["findings"]}
    return findings | {d["says"]: d["next"] for d in judged["duties"]}


@pytest.mark.parametrize(
    ("story", "order", "point", "office", "words"),
    [
        ("S1", "main", "Data are held, and no retention rule is on record.", "ilves", {"DAY": "2030-01-01"}),
        ("S2", "main", "G-USE-UNPROVEN", "orn", {"WHEN": "2027-03-08T09:00:00Z"}),
        (
            "european-stations",
            "on-conditions-late",
            "V-10-LATE",
            "voss",
            {"CLOCK": "E-10-2", "END": "2028-01-01T00:00:00Z", "WHEN": "2027-03-08T09:00:00Z"},
        ),
    ],
)
def test_recording_what_it_says_settles_a_point_of_a_story(
    tmp_path: Path, story: str, order: str, point: str, office: str, words: dict[str, str]
) -> None:
    ledger = ledger_of(story, tmp_path)
    step = points(document("judge", order, ledger=ledger))[point][0]
    recorded(step["command"], ledger, office, words=words)
    assert point not in points(document("judge", order, ledger=ledger))


def test_a_content_that_an_order_lacks_is_no_longer_missing_once_what_it_says_is_recorded(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    issue = ("issue", "--instrument", "EPOC", "--to", "XV", "--provider", "skylark", "--reference", "H-1")
    assert run(*issue, "--as", "ilves", ledger=ledger).exit_code == 0
    found = document("judge", "H-1", ledger=ledger)["findings"]
    missing = [f for f in found if f["code"].startswith("FE5")]
    assert len(missing) > 3
    for finding in missing:
        (step,) = finding["next"]
        recorded(step["command"], ledger)
    after = {f["code"] for f in document("judge", "H-1", ledger=ledger)["findings"]}
    assert after.isdisjoint(f["code"] for f in missing)


def test_due_with_only_shows_and_answers_for_that_part_alone(tmp_path: Path) -> None:
    ledger = imported(tmp_path, *order("H-1", "EPOC", ""))
    every = document("due", ledger=ledger)["due"]
    parts = {
        part: run("due", "--only", part, "--json", ledger=ledger) for part in ("overdue", "undetermined", "running")
    }
    shown = {part: json.loads(done.stdout)["due"] for part, done in parts.items()}
    assert sorted(map(str, every)) == sorted(str(d) for part in shown.values() for d in part)
    assert {d["verdict"] for d in shown["undetermined"]} == {"UNDETERMINED"}
    assert parts["undetermined"].exit_code == 3
    assert parts["overdue"].exit_code == (3 if shown["overdue"] else 0)
    assert parts["running"].exit_code == 0


def test_an_explained_deadline_names_each_entry_with_a_proof_that_leads_to_the_checkpoint(tmp_path: Path) -> None:
    ledger = ledger_of("S1", tmp_path)
    assert run("checkpoint", ledger=ledger).exit_code == 0
    answer = document("law", "deadline", "D-7-7", "main", ledger=ledger)
    leaves = {item["leaf"]: item for item in answer["leaves"]}
    rests = {leaf for d in answer["deadlines"] for leaf in (d["trigger"], *d["met_by"])}
    assert rests <= set(leaves)
    assert {leaf for d in answer["deadlines"] for step in d["computation"] for leaf in step["entries"]} <= set(leaves)
    checkpoint = (ledger / "log" / "checkpoint").read_bytes()
    for leaf, item in leaves.items():
        proof = parse_proof(item["proof"].encode())
        assert (proof.index, proof.note) == (item["index"], checkpoint)
        head = parse_checkpoint(checkpoint.decode().partition("\n\n")[0] + "\n")
        check_inclusion(proof.index, head.size, bytes.fromhex(leaf), proof.path, head.root)


def test_an_entry_that_no_checkpoint_covers_yet_has_no_proof(tmp_path: Path) -> None:
    ledger = imported(tmp_path, *order("H-1", "EPOC", ""))
    (leaf,) = document("law", "deadline", "E-10-3", "H-1", ledger=ledger)["leaves"] or [{"proof": None}]
    assert leaf["proof"] is None


def test_the_sentences_of_an_explained_deadline_are_those_of_its_computation(tmp_path: Path) -> None:
    answer = document("law", "deadline", "D-7-7", "main", ledger=ledger_of("S1", tmp_path))
    for deadline in answer["deadlines"]:
        assert [step["says"] for step in deadline["computation"]] == deadline["steps"]
        assert deadline["computation"][0]["entries"] == [deadline["trigger"]]
