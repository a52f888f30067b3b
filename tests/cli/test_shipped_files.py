from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from cli import shipped_files
from cli.shipped_files import shipped

ROOT = Path(__file__).parents[2]


def test_a_source_tree_has_its_data_at_the_top() -> None:
    assert shipped("fixtures/stories/S1.toml") == ROOT / "fixtures" / "stories" / "S1.toml"
    assert shipped("fixtures/stories/S1.toml").is_file()


def test_an_installed_program_finds_its_data_in_the_package_comity(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipped_files, "TREE", tmp_path)
    (tmp_path / "comity" / "shipped").mkdir(parents=True)
    assert shipped("browser/verify.html") == tmp_path / "comity" / "shipped" / "browser" / "verify.html"


def test_the_wheel_puts_data_under_the_package_comity_alone() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert {top.split("/")[0] for top in wheel["only-include"]} == {"comity", "ledger", "projections", "server", "cli"}
    for inside, installed in wheel["force-include"].items():
        assert installed == f"comity/shipped/{inside}"
