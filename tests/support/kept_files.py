"""Ledgers and files made by earlier versions (fixtures/kept), unpacked so that a test may change them."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

from click.testing import Result

from tests.support.cli import House, run

FIXTURES = Path(__file__).parents[2] / "fixtures" / "kept"
FIRST = "ea84f6d"
THEN = "2026-08-29T12:00:00Z"  # some hours after what was made at FIRST

# What was handed out at FIRST, under which trust folder, and what its own `verify` said then: exit, verdict, codes.
VERDICTS: dict[tuple[str, str], tuple[int, str, tuple[str, ...]]] = {
    ("COURT.evidence.zip", "trust"): (3, "INDETERMINATE", ("CP-QUORUM",)),
    ("DEF.evidence.zip", "trust"): (3, "INDETERMINATE", ("CP-QUORUM",)),
    ("SP.evidence.zip", "trust"): (3, "INDETERMINATE", ("CP-QUORUM",)),
    ("SYS.evidence.zip", "trust"): (0, "TOTAL-PASSED", ()),
    ("SYS.evidence.zip", "unwitnessed"): (3, "INDETERMINATE", ("POL-NEWER",)),
    ("linked.evidence.zip", "trust"): (3, "INDETERMINATE", ("CP-QUORUM",)),
    ("erased.evidence.zip", "trust"): (0, "TOTAL-PASSED", ()),
    ("erased.evidence.zip", "stick"): (0, "TOTAL-PASSED", ()),
    ("answer.evidence.zip", "skylark-trust"): (0, "TOTAL-PASSED", ()),
    ("answer.evidence.zip", ""): (3, "INDETERMINATE", ("NO_TRUST_ANCHOR",)),
    ("plain.evidence.zip", "plain-trust"): (0, "TOTAL-PASSED", ()),
    ("custody.pdf", "trust"): (0, "TOTAL-PASSED", ()),
    ("issued.dsse.json", "trust"): (3, "INDETERMINATE", ("CP-QUORUM", "KEY-UNKNOWN")),
    ("issued.dsse.json", "unwitnessed"): (3, "INDETERMINATE", ("KEY-UNKNOWN",)),
    ("split-view.json", "skylark-trust"): (1, "TOTAL-FAILED", ("SPLIT-VIEW",)),
    ("omission.json", "skylark-trust"): (1, "TOTAL-FAILED", ("SPLIT-VIEW",)),
}
# Where a finding of docs/reference/hostile-reading.md changed the answer: the name of the finding, and the answer
# since.
CHANGED: dict[tuple[str, str], tuple[str, tuple[int, str, tuple[str, ...]]]] = {}


def unpacked(name: str, folder: Path, version: str = FIRST) -> Path:
    """Return a fresh copy of one of the archives, which a test may change."""
    with tarfile.open(FIXTURES / version / f"{name}.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return folder / name


def expected(case: tuple[str, str]) -> tuple[int, str, tuple[str, ...]]:
    """Return what the program says today."""
    return CHANGED[case][1] if case in CHANGED else VERDICTS[case]


def verified(court: Path, case: tuple[str, str]) -> tuple[int, str, tuple[str, ...]]:
    """Return what `comity verify` says of a file that was handed out: exit, verdict, codes."""
    file, trust = case
    held = ["--trust", str(court / trust), "--trust-came", "apart"] if trust else []
    if trust == "stick":
        held += ["--root-fingerprint", json.loads((court / "fingerprint.json").read_text("utf-8"))["words"]]
    done = run("verify", str(court / file), *held, "--json")
    report = json.loads(done.stdout)
    return done.exit_code, report["verdict"], tuple(sorted({reason["code"] for reason in report["reasons"]}))


class Kept(House):
    """A ledger of an earlier version with the keys of its people, its log key and its guard."""

    def __init__(self, name: str, folder: Path, version: str = FIRST) -> None:
        super().__init__(unpacked(name, folder, version))
        self.env = {"XDG_STATE_HOME": str(self.folder / "state"), "XDG_CONFIG_HOME": str(self.folder / "config")}

    def run(self, *args: str) -> Any:
        """Run a command as a person who looked at the clock: it is long past the last entry."""
        return super().run(*args, "--clock-is-right")

    def reply(self, *args: str) -> dict[str, Any]:
        return super().reply(*args, "--clock-is-right")

    def record(self, kind: str, order: str, *more: str, by: str, key: str) -> dict[str, Any]:
        """Record one more fact as a person of that office does today."""
        return self.reply("record", kind, order, *more, "--as", by, "--key", str(self.keys / key))

    def verdict(self, order: str, audience: str, by: str, key: str, *more: str) -> tuple[str, list[str]]:
        """Return what a court that holds this ledger's trust folder says of a bundle made now."""
        file = self.folder / f"{order}.{audience}.evidence.zip"
        said = ("export", order, "--audience", audience, "-o", str(file), "--as", by, "--key", str(self.keys / key))
        done = self.run(*said, *more)
        assert done.exit_code == 0, done.output
        report = json.loads(run("verify", str(file), "--trust", str(self.ledger / "trust"), "--json").stdout)
        return report["verdict"], [reason["code"] for reason in report["reasons"]]


def contradicted(done: Result) -> list[str]:
    """Return the codes of fsck, without the silence of the witness of karsk, which does not run."""
    told = json.loads(done.stdout)
    assert done.exit_code == {"CONSISTENT": 0, "UNDECIDED": 3}[told["verdict"]], done.output
    return [reason["code"] for reason in told["reasons"] if reason["code"] != "LOG-UNREACHABLE"]
