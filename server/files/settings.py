"""Read the table [files] of the configuration: where files are kept, and how much of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

_GIB = 1 << 30
Text = Annotated[str, Meta(min_length=1, max_length=1_000)]
Size = Annotated[float, Meta(gt=0, le=1_000_000)]


class FileSettings(Struct, frozen=True, rename="kebab", forbid_unknown_fields=True):
    """Where files are kept, and their limits.

    `folder` is a folder of this machine. `largest_gib` limits one file, `quota_gib` all files together. An upload that
    gets no piece for `days` is deleted.
    """

    folder: Text
    largest_gib: Size = 64.0
    quota_gib: Size = 1_024.0
    days: Annotated[int, Meta(ge=1, le=90)] = 2

    @property
    def stated(self) -> str:
        """Return where files are kept, for commands that have no configuration: JSON without credentials."""
        return msgspec.json.encode({"folder": self.folder}).decode()

    @property
    def largest(self) -> int:
        """Return the number of bytes that one file may have."""
        return int(self.largest_gib * _GIB)

    @property
    def quota(self) -> int:
        """Return the number of bytes that all files together may have."""
        return int(self.quota_gib * _GIB)


def file_settings(table: Any) -> FileSettings | None:
    """Return the settings of a table as the file has it; None without the table. ValueError with the reason."""
    if table is None:
        return None
    try:
        settings = msgspec.convert(table, FileSettings)
    except msgspec.ValidationError as wrong:
        raise ValueError(f"[files]: {wrong}") from None
    if not Path(settings.folder).is_absolute():
        raise ValueError("[files]: folder is an absolute path")
    return settings
