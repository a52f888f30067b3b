"""Build the Debian package and the image: `python -m release.packaging deb|image DIST FOLDER [--base IMAGE]`.

DIST is a folder with a wheel and SHA256SUMS (`make wheel`, `make reproducible`). The packages of
requirements/server.txt are downloaded for Debian's Python, and compared with their hashes. What builds package and
image fetches no more of them. Every time is SOURCE_DATE_EPOCH, or that of the last commit.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from email.utils import formatdate
from pathlib import Path

from release.build import SUMS, epoch
from release.pins import ROOT, project

PYTHON = "/usr/bin/python3"  # the package depends on it
RELEASE = ROOT / "release"
REQUIREMENTS = ROOT / "requirements" / "server.txt"
UNITS = {
    "comity.service": "comity.service",
    "comity.socket": "comity.socket",
    "comity-signer.service": "comity.comity-signer.service",
    "comity-job@.service": "comity.comity-job@.service",
    "comity-job@.timer": "comity.comity-job@.timer",
    "comity.sysusers": "comity.sysusers",
}  # file of release/systemd -> name by which debhelper finds it
IMAGE = "localhost/comity"


class Unbuilt(Exception):
    """Something that the build needs is missing."""


def stage(dist: Path, into: Path) -> str:
    """Copy the wheel with its digest, the pins and the downloaded packages into a new folder; return the version."""
    version = str(project()["version"])
    wheel = f"comity-{version}-py3-none-any.whl"
    lines = (line.partition("  ") for line in (dist / SUMS).read_text("utf-8").splitlines())
    listed = {name: digest for digest, _, name in lines}
    if wheel not in listed:
        raise Unbuilt(f"{dist / SUMS} has no {wheel}: make wheel")
    into.mkdir(parents=True)
    shutil.copy(dist / wheel, into)
    (into / "wheel.sha256").write_text(f"{listed[wheel]}  {wheel}\n", "utf-8")
    shutil.copy(REQUIREMENTS, into / "requirements.txt")
    shutil.copy(RELEASE / "program.sh", into)
    _run([PYTHON, "-m", "venv", str(into / "download")])
    pip = [str(into / "download/bin/python"), "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    _run([*pip, "--require-hashes", "--only-binary", ":all:", "-r", str(REQUIREMENTS), "-d", str(into / "wheels")])
    shutil.rmtree(into / "download")
    return version


def changelog(version: str, when: int) -> str:
    """Return the changelog of the package; `when` in seconds since 1970, UTC."""
    return (
        f"comity ({version}) unstable; urgency=medium\n\n"
        f"  * Comity {version}; its changes are in CHANGELOG.md of the source.\n\n"
        f" -- Comity <releases@comity.invalid>  {formatdate(when)}\n"
    )


def debian_tree(dist: Path, tree: Path, when: int) -> None:
    """Make a new folder from which dpkg-buildpackage builds the package."""
    version = stage(dist, tree)
    shutil.copytree(RELEASE / "debian", tree / "debian")
    for name, found in UNITS.items():
        shutil.copy(RELEASE / "systemd" / name, tree / "debian" / found)
    shutil.copy(RELEASE / "serve.toml", tree / "debian")
    (tree / "debian" / "changelog").write_text(changelog(version, when), "utf-8")


def deb(dist: Path, folder: Path) -> list[Path]:
    """Build the package into a folder that is emptied first; return its files."""
    when = epoch()
    shutil.rmtree(folder, ignore_errors=True)
    tree = folder / "build" / "comity"
    debian_tree(dist, tree, when)
    _run(["dpkg-buildpackage", "-b", "-us", "-uc"], tree, {"SOURCE_DATE_EPOCH": str(when)})
    made = sorted(shutil.move(file, folder) for file in tree.parent.glob("comity_*"))
    shutil.rmtree(tree.parent)
    return [Path(file) for file in made]


def image(dist: Path, folder: Path, base: str) -> str:
    """Build the image into the storage of the user's containers; return its name."""
    when = epoch()
    shutil.rmtree(folder, ignore_errors=True)
    version = stage(dist, folder)
    shutil.copy(RELEASE / "oci" / "Containerfile", folder)
    shutil.copy(RELEASE / "oci" / "serve.toml", folder)
    name = f"{IMAGE}:{version}"
    build = ["buildah", "build", "--format", "docker", "--isolation", "chroot", *_limits(), "--timestamp", str(when)]
    _run([*build, *(["--build-arg", f"BASE={base}"] if base else []), "--tag", name, str(folder)])
    return name


def _limits() -> list[str]:
    """Return the limits of this process as options: buildah asks for higher ones, which a container may not set."""
    from resource import RLIMIT_NOFILE, RLIMIT_NPROC, getrlimit

    hard = {"nofile": getrlimit(RLIMIT_NOFILE)[1], "nproc": getrlimit(RLIMIT_NPROC)[1]}
    return [word for name, most in hard.items() for word in ("--ulimit", f"{name}={most}:{most}")]


def _run(command: Sequence[str], folder: Path | None = None, more: dict[str, str] | None = None) -> None:
    subprocess.run(command, cwd=folder, env={**os.environ, **(more or {})}, check=True)


def main() -> None:
    """Build one of the two, and print what was made."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["deb", "image"])
    parser.add_argument("dist", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--base", default="", help="the image to build in, else Debian's from a registry")
    args = parser.parse_args()
    try:
        if args.what == "deb":
            print("\n".join(map(str, deb(args.dist.resolve(), args.folder.resolve()))))  # noqa: T201
        else:
            print(image(args.dist.resolve(), args.folder.resolve(), args.base))  # noqa: T201
    except Unbuilt as wrong:
        sys.exit(str(wrong))
    except FileNotFoundError as absent:
        sys.exit(f"{absent.filename} is not on this machine: docs/how-to/install-the-office-server.md")


if __name__ == "__main__":
    main()
