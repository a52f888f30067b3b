"""Time zones by their IANA names, from the pinned tzdata and never from the system: the same on every machine."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, tzinfo
from functools import cache, lru_cache

import tzdata  # type: ignore[import-untyped]

# Midnight must be the same on every machine, so the system's own table is never read. Named as a path, the pinned one
# is read without the machinery that looks for files in packages.
zoneinfo.reset_tzpath(to=[f"{place}/zoneinfo" for place in tzdata.__path__])


@cache
def names() -> frozenset[str]:
    """Every zone of the pinned table; without the one that stands for "nobody has set this"."""
    return frozenset(zoneinfo.available_timezones()) - {"Factory"}


@lru_cache(maxsize=256)
def zone(name: str) -> tzinfo:
    """A time zone by its IANA name; UTC for a name the pinned table does not know."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
