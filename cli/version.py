"""Return the name and version of this program, as reports and bundles state it."""

from __future__ import annotations


def tool() -> str:
    """Return the name and version of the program that makes a bundle."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"comity {version('comity')}"
    except PackageNotFoundError:
        return "comity, from its source"
