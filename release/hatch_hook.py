"""A build hook of hatchling: the wheel carries its bill of materials (PEP 770), an editable install does not."""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Materials(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the file that `make wheel` writes; hatchling refuses to build a wheel where it is absent."""
        if version == "standard":
            build_data["sbom_files"].append("build/comity.cdx.json")
