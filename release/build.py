"""Builds wheel and source archive: `python -m release.build FOLDER [--commit]`.

Without --commit it builds this tree as it is. With it the last commit is built twice, in two folders, under two umasks,
time zones, locales, hash seeds and (where `faketime` is installed) dates; the build fails unless every file has the
same bytes. FOLDER then holds the wheel, the source archive, the bill of materials, the verifier page and SHA256SUMS.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from browser.packages import installed
from release.pins import ROOT, project

SUMS = "SHA256SUMS"
# What may not show in the bytes. Every value is on every machine; an absent locale is read as C.
FIRST = {"TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0"}
SECOND = {"TZ": "Asia/Kathmandu", "LC_ALL": "C", "PYTHONHASHSEED": "4711"}


def commit(root: Path = ROOT) -> str:
    """Return the last commit, in full."""
    return _git(root, "rev-parse", "HEAD")


def epoch(root: Path = ROOT) -> int:
    """Return SOURCE_DATE_EPOCH where it is set, else the time of the last commit, in seconds since 1970, UTC."""
    return int(os.environ.get("SOURCE_DATE_EPOCH") or _git(root, "log", "-1", "--format=%ct"))


def built(tree: Path, into: Path, when: int, of: str | None, more: dict[str, str], prefix: Iterable[str] = ()) -> None:
    """Build a tree into a folder; CalledProcessError with the output of the step that failed."""
    python = [*prefix, sys.executable]
    module, _, function = project(tree)["scripts"]["comity"].partition(":")
    environment = {**os.environ, **more, "SOURCE_DATE_EPOCH": str(when), "PYTHONDONTWRITEBYTECODE": "1"}
    shutil.rmtree(tree / "build" / "man", ignore_errors=True)
    for step in (
        ["-m", "browser.build"],
        ["-m", "browser.style"],
        ["-c", f"from {module} import {function}; {function}()", "man", "--all", "build/man"],
        ["-m", "release.sbom", "build/comity.cdx.json", *(["--commit", of] if of else [])],
        ["-m", "hatchling", "build", "-t", "wheel", "-t", "sdist", "-d", str(into)],
    ):
        subprocess.run([*python, *step], cwd=tree, env=environment, check=True, stdout=subprocess.DEVNULL)
    shutil.copy(tree / "build" / "comity.cdx.json", into)
    for page in ("verify.html", "sign.html"):
        shutil.copy(tree / "browser" / page, into)


def twice(root: Path, into: Path) -> list[str]:
    """Build the last commit twice into an empty folder; return the names of the files that are not the same."""
    of, when = commit(root), int(_git(root, "log", "-1", "--format=%ct"))
    faked = ["faketime", "2037-12-31 23:58:00"] if shutil.which("faketime") else []
    folders: list[Path] = []
    installed()  # fetched once, by the true date, and copied into both folders
    with tempfile.TemporaryDirectory() as scratch:
        for name, umask, more, prefix in (("a", 0o022, FIRST, []), ("another-folder/b", 0o077, SECOND, faked)):
            tree, output = Path(scratch, name, "tree"), Path(scratch, name, "dist")
            _extract(root, of, tree, umask)
            before = os.umask(umask)
            try:
                built(tree, output, when, of, more, prefix)
            finally:
                os.umask(before)
            folders.append(output)
        one, other = ({f.name: f.read_bytes() for f in folder.iterdir()} for folder in folders)
        for name, data in one.items():
            (into / name).write_bytes(data)
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def sums(folder: Path) -> str:
    """Return one line for each file of a folder, as `sha256sum -c` reads them, sorted by name."""
    files = sorted(f for f in folder.iterdir() if not f.name.startswith(SUMS))
    return "".join(f"{sha256(file.read_bytes()).hexdigest()}  {file.name}\n" for file in files)


def _extract(root: Path, of: str, tree: Path, umask: int) -> None:
    tree.mkdir(parents=True)
    packed = subprocess.run(["git", "-C", root, "archive", of], check=True, capture_output=True).stdout
    command = ["tar", "-x", "-m", "--no-same-permissions", "-C", str(tree)]
    subprocess.run(command, check=True, input=packed, umask=umask)
    packages = installed()
    shutil.copytree(packages, tree / ".tools" / "browser" / packages.name, symlinks=True)


def _git(root: Path, *command: str) -> str:
    return subprocess.run(["git", "-C", root, *command], check=True, capture_output=True, text=True).stdout.strip()


def main() -> None:
    """Build into a folder that is emptied first; exit 1 where two builds differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--commit", action="store_true", help="the last commit, twice, and compare")
    args = parser.parse_args()
    folder: Path = args.folder.resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if args.commit:
        differ = twice(ROOT, folder)
        print(f"commit {commit()}, built twice: {', '.join(differ) + ' DIFFER' if differ else 'equal'}")  # noqa: T201
        if differ:
            raise SystemExit(1)
    else:
        built(ROOT, folder, epoch(), None, {})
    (folder / SUMS).write_text(sums(folder), "utf-8")
    print(sums(folder), end="")  # noqa: T201


if __name__ == "__main__":
    main()
