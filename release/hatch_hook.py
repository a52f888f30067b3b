"""A build hook of hatchling: add to a wheel the files that other steps of a release make."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MATERIALS = "build/comity.cdx.json"
BUILT = ("browser/verify.html", "browser/sign.html", "browser/hashing.js")
STYLE = "projections/templates/built/desk.css"


class MadeFiles(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the bill of materials (PEP 770) the pages and the worker; warn where they or the styles are not made.

        An editable install takes none of them: it reads the pages in the source tree.
        """
        if version != "standard":
            return
        if self._made(MATERIALS, "make sbom"):
            build_data["sbom_files"].append(MATERIALS)
        for file in BUILT:
            if self._made(file, "make browser"):
                build_data["force_include"][str(Path(self.root, file))] = f"comity/shipped/{file}"
        self._made(STYLE, "make style")  # pyproject.toml adds the styles

    def _made(self, file: str, command: str) -> bool:
        exists = Path(self.root, file).is_file()
        if not exists:
            self.app.display_warning(f"the wheel is without {file}, which `{command}` makes")
        return exists
