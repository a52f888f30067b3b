"""The pinned packages of requirements/*.txt and browser/package-lock.json, and what pyproject.toml asks for."""

from __future__ import annotations

import json
import re
import tomllib
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
# npm packages that others ask for and of which nothing is shipped: ciphers for Falcon, dates for scripts of pages.
LEFT_OUT = frozenset({"@noble/ciphers", "moment"})
# npm packages in the styles of desk and reports too; all of them are in the verifier page and in the signing page.
STYLES = frozenset({"@ministryofjustice/frontend", "govuk-frontend"})
# npm packages by which the signing page reads key files, and the ones of the verifier page alone.
SIGNING = frozenset({"bcrypt-pbkdf", "tweetnacl"})
VERIFYING = frozenset({"jsqr"})
HASHING = frozenset({"hash-wasm"})  # of the worker that hashes files, and of no page
EXTRAS = ("archive", "calendar", "pdf", "pkcs11", "postgres", "server", "sign", "tsa")

_LINE = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[A-Za-z0-9.!+_-]+)(?P<hashes>( --hash=sha256:[0-9a-f]{64})*)"
)
# Classifiers that name one licence. "BSD License" names several: such a package needs a line in decided.toml.
_CLASSIFIERS = {
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: ISC License (ISCL)": "ISC",
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "License :: OSI Approved :: SIL Open Font License 1.1 (OFL-1.1)": "OFL-1.1",
}


class Malformed(ValueError):
    """A line of a requirements file is not `name==version` with SHA-256 digests."""


@dataclass(frozen=True)
class Pin:
    """One pinned package: canonical name, version, and the SHA-256 digests (hex) of its allowed files."""

    name: str
    version: str
    hashes: tuple[str, ...]


@dataclass(frozen=True)
class Script:
    """One npm package of which something is shipped: name, version, SPDX licence, SHA-512 (hex) of its archive."""

    name: str
    version: str
    licence: str
    sha512: str

    @property
    def bundled_in(self) -> tuple[str, ...]:
        """Return the files and folders of the release that contain code of this package."""
        if self.name in HASHING:
            return ("browser/hashing.js",)
        return (
            *(() if self.name in SIGNING else ("browser/verify.html",)),
            *(() if self.name in VERIFYING else ("browser/sign.html",)),
            *(("projections/templates/built",) if self.name in STYLES else ()),
        )


def pins(file: Path) -> list[Pin]:
    """Return the packages of a requirements file in its order; Malformed for an option, an address or a range."""
    text = re.sub(r"(?m)^#.*\n", "", file.read_text("utf-8")).replace("\\\n", "")
    packages = []
    for line in filter(None, (" ".join(each.split()) for each in text.splitlines())):
        if line.startswith("#"):
            continue
        if (pinned := _LINE.fullmatch(line)) is None:
            raise Malformed(f"{file.name}: {line[:80]}")
        hashes = tuple(sorted(re.findall(r"sha256:([0-9a-f]{64})", pinned["hashes"])))
        packages.append(Pin(canonicalize_name(pinned["name"]), pinned["version"], hashes))
    return packages


def scripts(root: Path = ROOT) -> list[Script]:
    """Return the npm packages that are bundled in the two pages and in the styles, by name."""
    locked: dict[str, Any] = json.loads((root / "browser/package-lock.json").read_text("utf-8"))["packages"]
    packages = {path.rpartition("node_modules/")[2]: p for path, p in locked.items() if path and not p.get("dev")}
    return [
        Script(name, p["version"], p["license"], b64decode(p["integrity"].removeprefix("sha512-")).hex())
        for name, p in sorted(packages.items())
        if name not in LEFT_OUT
    ]


def project(root: Path = ROOT) -> dict[str, Any]:
    """Return the table `project` of pyproject.toml."""
    table: dict[str, Any] = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    return table


def asked(root: Path = ROOT) -> Iterator[Requirement]:
    """Yield every requirement of pyproject.toml: to run, and of each extra."""
    table = project(root)
    for line in (
        *table["dependencies"],
        *(line for extra in table["optional-dependencies"].values() for line in extra),
    ):
        yield Requirement(line)


def floor(requirement: Requirement) -> str | None:
    """Return the lowest version that a requirement allows; None where it names none."""
    return next((s.version for s in requirement.specifier if s.operator in (">=", "==", "~=")), None)


def decided(root: Path = ROOT) -> dict[str, Any]:
    """Return requirements/decided.toml: allowed licences, licences by package, exceptions with their reasons."""
    return tomllib.loads((root / "requirements/decided.toml").read_text("utf-8"))


def licence(name: str, decisions: dict[str, Any], pip_report: dict[str, Any] | None = None) -> str | None:
    """Return the SPDX expression of a package's licence; None where neither decided.toml nor its metadata name one.

    `pip_report` is metadata as pip reports it (JSON keys of PEP 566); without it the installed package is read. Raises
    PackageNotFoundError where the package is not installed.
    """
    if (decision := decisions["licence"].get(name)) is not None:
        return str(decision["is"])
    if pip_report is None:
        metadata: Message = distribution(name).metadata  # type: ignore[assignment]  # a Message in every Python so far
        pip_report = {
            "license_expression": metadata.get("License-Expression"),
            "license": metadata.get("License"),
            "classifier": metadata.get_all("Classifier"),
        }
    if expression := pip_report.get("license_expression"):
        return str(expression)
    if re.fullmatch(r"[A-Za-z]+(-[A-Za-z0-9.]+)+|MIT|ISC", pip_report.get("license") or ""):
        return str(pip_report["license"])
    named = {_CLASSIFIERS.get(c, "") for c in pip_report.get("classifier") or () if c.startswith("License ::")}
    return named.pop() or None if len(named) == 1 else None
