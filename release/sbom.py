"""Writes the bill of materials of the wheel, CycloneDX 1.6: `python -m release.sbom FILE [--commit ID]`.

It lists what the wheel installs, to run and with each extra, as pinned in requirements, and the npm packages in the
verifier page and in the styles of desk and reports. A component's hashes are those of every file of the package that
the pins allow. The same commit gives the same bytes: the time is SOURCE_DATE_EPOCH (seconds since 1970, UTC), the
serial number a digest.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import requires
from pathlib import Path
from uuid import UUID

from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.model.license import LicenseExpression
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from release.pins import EXTRAS, ROOT, decided, licence, pins, project, scripts

# One machine for every build: the list must not depend on where it was written.
MACHINE = {
    "implementation_name": "cpython",
    "implementation_version": "3.11.0",
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_release": "",
    "platform_system": "Linux",
    "platform_version": "",
    "python_full_version": "3.11.0",
    "python_version": "3.11",
    "sys_platform": "linux",
}


def bill(epoch: int, commit: str | None, root: Path = ROOT) -> str:
    """Return the bill of materials as JSON text; ValueError where a package has no pin, hash or known licence."""
    table, decisions = project(root), decided(root)
    pinned = {pin.name: pin for file in ("run.txt", "dev.txt") for pin in pins(root / "requirements" / file)}
    runs = _closure(table["dependencies"])
    extras = {extra: _closure(table["optional-dependencies"][extra]) for extra in EXTRAS}
    components: dict[str, Component] = {}
    for name in sorted(runs.keys() | {name for closure in extras.values() for name in closure}):
        if (pin := pinned.get(name)) is None or not pin.hashes:
            raise ValueError(f"{name} is installed and has no pin with a hash")
        if (terms := licence(name, decisions)) is None:
            raise ValueError(f"{name} has no licence that a program can read: name it in requirements/decided.toml")
        components[name] = Component(
            name=name,
            version=pin.version,
            bom_ref=(purl := PackageURL("pypi", None, name, pin.version)).to_string(),
            purl=purl,
            scope=ComponentScope.REQUIRED if name in runs else ComponentScope.OPTIONAL,
            licenses=[LicenseExpression(terms)],
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest) for digest in pin.hashes],
            properties=[Property(name="comity:extra", value=extra) for extra in EXTRAS if name in extras[extra]],
        )
    for script in scripts(root):
        namespace, _, name = script.name.rpartition("/")
        components[script.name] = Component(
            name=name,
            group=namespace or None,
            version=script.version,
            bom_ref=(purl := PackageURL("npm", namespace, name, script.version)).to_string(),
            purl=purl,
            scope=ComponentScope.REQUIRED,
            licenses=[LicenseExpression(script.licence)],
            hashes=[HashType(alg=HashAlgorithm.SHA_512, content=script.sha512)],
            properties=[Property(name="comity:bundled-in", value=place) for place in script.bundled_in],
        )
    itself = Component(
        type=ComponentType.APPLICATION,
        name=table["name"],
        version=table["version"],
        bom_ref=(purl := PackageURL("pypi", None, table["name"], table["version"])).to_string(),
        purl=purl,
        licenses=[LicenseExpression(table["license"])],
        properties=[Property(name="comity:commit", value=commit)] if commit else [],
    )
    bom = Bom(
        components=components.values(),
        metadata=BomMetaData(component=itself, timestamp=datetime.fromtimestamp(epoch, UTC)),
        serial_number=UUID(int=0),
    )
    needed: dict[str, set[str]] = {}
    for closure in (runs, *extras.values()):
        for name, below in closure.items():
            needed.setdefault(name, set()).update(below)
    for name, below in needed.items():
        bom.register_dependency(components[name], [components[other] for other in sorted(below)])
    direct = [*table["dependencies"], *(line for extra in EXTRAS for line in table["optional-dependencies"][extra])]
    first = {canonicalize_name(Requirement(line).name) for line in direct} | {script.name for script in scripts(root)}
    bom.register_dependency(itself, [components[name] for name in sorted(first)])
    bom.serial_number = UUID(bytes=sha256(_text(bom).encode()).digest()[:16], version=4)
    text = _text(bom)
    if (wrong := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)) is not None:
        raise ValueError(f"not CycloneDX 1.6: {wrong}")
    return text


def _closure(lines: Iterable[str]) -> dict[str, set[str]]:
    """Return every package that these requirements bring, each with the packages it needs itself."""
    packages: dict[str, set[str]] = {}
    open_: list[Requirement] = [Requirement(line) for line in lines]
    seen: set[str] = set()
    while open_:
        wanted = open_.pop()
        if (mark := f"{canonicalize_name(wanted.name)}[{','.join(sorted(wanted.extras))}]") in seen:
            continue
        seen.add(mark)
        below = [
            each
            for each in map(Requirement, requires(wanted.name) or ())
            if each.marker is None or any(each.marker.evaluate({**MACHINE, "extra": e}) for e in ("", *wanted.extras))
        ]
        own = canonicalize_name(wanted.name)
        packages.setdefault(own, set()).update({canonicalize_name(each.name) for each in below} - {own})
        open_ += below
    return packages


def _text(bom: Bom) -> str:
    """Return a bill as JSON: sorted keys, two spaces."""
    return (
        json.dumps(json.loads(JsonV1Dot6(bom).output_as_string()), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    )


def main() -> None:
    """Write the bill of materials to a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument("--commit", help="the commit that the tree is, in full")
    args = parser.parse_args()
    args.output.parent.mkdir(parents=True, exist_ok=True)
    args.output.write_text(bill(int(os.environ["SOURCE_DATE_EPOCH"]), args.commit), "utf-8")


if __name__ == "__main__":
    main()
