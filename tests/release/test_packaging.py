"""The recipes of package and image name files that exist, and install exactly what is pinned."""

from __future__ import annotations

import re
import shutil
import tomllib
from pathlib import Path

import pytest

from release.build import SUMS
from release.packaging import PYTHON, UNITS, Unbuilt, changelog, stage
from release.pins import ROOT, asked, pins

RELEASE = ROOT / "release"
CONTAINERFILE = (RELEASE / "oci" / "Containerfile").read_text("utf-8")
SERVING = ("calendar", "pdf", "pkcs11", "postgres", "scitt", "server", "sign", "spreadsheet", "tsa")


def test_the_server_is_pinned_to_the_versions_that_are_tested() -> None:
    tested = {pin.name: pin for pin in pins(ROOT / "requirements" / "dev.txt")}
    for pin in pins(ROOT / "requirements" / "server.txt"):
        assert (pin.name, pin.version, pin.hashes) == (pin.name, tested[pin.name].version, tested[pin.name].hashes)


def test_the_server_has_every_extra_that_it_uses_and_nothing_that_only_tests_use() -> None:
    pinned = {pin.name for pin in pins(ROOT / "requirements" / "server.txt")}
    table = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = table["optional-dependencies"]
    named = {re.split(r"[\[<>=]", line)[0] for extra in SERVING for line in extras[extra]}
    assert named <= pinned
    assert {pin.name for pin in pins(ROOT / "requirements" / "run.txt")} <= pinned
    assert not pinned & {"pytest", "hypothesis", "mypy", "schemathesis", "coverage"}
    assert {requirement.name for requirement in asked()} >= named


def test_every_unit_of_the_project_is_in_the_package() -> None:
    assert UNITS.keys() == {file.name for file in (RELEASE / "systemd").iterdir()}
    assert all(name.startswith("comity.") for name in UNITS.values())


def test_every_file_that_the_image_copies_is_staged() -> None:
    assert "COPY . ." in CONTAINERFILE
    for name in re.findall(r"(?:sh|install -m 644) (\w+\.\w+)", CONTAINERFILE):
        assert (RELEASE / name).is_file() or (RELEASE / "oci" / name).is_file()


def test_the_image_runs_as_a_user_without_rights_and_ends_in_a_stage_from_nothing() -> None:
    last = CONTAINERFILE.rpartition("\nFROM ")[2]
    assert last.startswith("scratch\n")
    user = re.search(r"^USER (\d+):(\d+)$", last, re.MULTILINE)
    assert user is not None
    assert 0 not in (int(user[1]), int(user[2]))
    assert "RUN" not in last.split()


@pytest.mark.parametrize("file", ["serve.toml", "oci/serve.toml"])
def test_a_shipped_configuration_is_one_that_the_server_takes(file: str) -> None:
    from server.operations.configuration import read_configuration

    stated = read_configuration(RELEASE / file)
    assert stated["log-format"] == "json"
    commented = re.sub(r"(?m)^# (?=[\w-]+ = )", "", (RELEASE / file).read_text("utf-8"))
    assert len(tomllib.loads(commented)) > len(stated)


def test_the_address_in_the_image_is_the_port_that_it_exposes() -> None:
    from server.operations.configuration import read_configuration

    exposed = re.search(r"^EXPOSE (\d+)$", CONTAINERFILE, re.MULTILINE)
    assert exposed is not None
    stated = read_configuration(RELEASE / "oci" / "serve.toml")
    assert stated["listen"] == f"0.0.0.0:{exposed[1]}"
    assert stated["behind-proxy"] is True


def test_the_date_of_a_package_is_that_of_its_source() -> None:
    assert changelog("0.1.0", 0).endswith(" -- Comity <releases@comity.invalid>  Thu, 01 Jan 1970 00:00:00 -0000\n")


def test_a_wheel_that_no_list_of_digests_names_is_not_packaged(tmp_path: Path) -> None:
    (tmp_path / SUMS).write_text(f"{'0' * 64}  comity-9.9.9-py3-none-any.whl\n", "utf-8")
    with pytest.raises(Unbuilt, match="make wheel"):
        stage(tmp_path, tmp_path / "new")


@pytest.mark.skipif(shutil.which(PYTHON) is None, reason="needs Debian's Python")
def test_no_word_of_a_recipe_removes_a_ledger() -> None:
    for script in ("comity.postinst", "comity.prerm", "comity.postrm"):
        text = (RELEASE / "debian" / script).read_text("utf-8")
        assert not re.search(r"rm .*(/var|etc)|userdel|deluser|--purge", text), script
