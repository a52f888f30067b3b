"""Look up time zones by their IANA names in the pinned tzdata, never in the system: the same on every machine."""

from __future__ import annotations

import pkgutil
import zoneinfo
from datetime import UTC, tzinfo
from functools import cache, lru_cache

import tzdata  # type: ignore[import-untyped]

# Midnight must be the same on every machine, so the system's table is never read. As a path, the pinned table is
# read without a search for files in packages.
zoneinfo.reset_tzpath(to=[f"{place}/zoneinfo" for place in tzdata.__path__])


@cache
def names() -> frozenset[str]:
    """Return every zone of the pinned table, without "Factory", which means that no zone was set."""
    return frozenset((pkgutil.get_data("tzdata", "zones") or b"").decode().split()) - {"Factory"}


@lru_cache(maxsize=256)
def zone(name: str) -> tzinfo:
    """Return a time zone by its IANA name; UTC for a name that the pinned table does not have."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
