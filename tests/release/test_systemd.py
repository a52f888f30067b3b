"""The units are valid, and what a taken server could do on its machine is little."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

UNITS = Path(__file__).parents[2] / "release" / "systemd"
MOST = 1.2  # of 10: `systemd-analyze security` calls less than 2 OK
analyze = shutil.which("systemd-analyze")
pytestmark = pytest.mark.skipif(analyze is None, reason="systemd-analyze is not on this machine")


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """Return a copy of the units with the program of this environment."""
    program = str(Path(sys.executable).with_name("comity"))
    for file in UNITS.iterdir():
        text = file.read_text("utf-8").replace("/opt/comity/bin/comity", program)
        (tmp_path / file.name).write_text(text, "utf-8")
    return tmp_path


def analysed(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(analyze), *words], cwd=folder, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("unit", ["comity.service", "comity-job@.service", "comity-signer.service"])
def test_the_exposure_of_a_service_is_small(units: Path, unit: str) -> None:
    said = analysed(units, "security", "--offline=true", "--no-pager", f"./{unit}").stdout
    level = re.search(r"Overall exposure level for .*: ([0-9.]+)", said)
    assert level is not None
    assert float(level[1]) <= MOST


def test_the_units_are_valid(units: Path) -> None:
    names = [f"./{file.name}" for file in units.iterdir() if file.suffix in (".service", ".socket", ".timer")]
    assert len(names) == 5
    said = analysed(units, "verify", "--man=no", *names)
    assert (said.returncode, said.stderr) == (0, "")


def test_a_wrong_unit_is_noticed(units: Path) -> None:
    wrong = units / "comity.service"
    wrong.write_text(wrong.read_text("utf-8").replace("ExecStart=", "ExecStart=/nowhere"), "utf-8")
    assert analysed(units, "verify", "--man=no", "./comity.service").returncode != 0
