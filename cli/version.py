"""The name and version of this program, as papers and bundles state it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


def tool() -> str:
    """Name and version of what makes a bundle."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"comity {version('comity')}"
    except PackageNotFoundError:
        return "comity, from its source"
