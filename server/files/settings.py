"""Read the table [files] of the configuration: where files are kept, and how much of them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from ledger.adapters.http_client import is_private

_GIB = 1 << 30
Text = Annotated[str, Meta(min_length=1, max_length=1_000)]
Size = Annotated[float, Meta(gt=0, le=1_000_000)]


class FileSettings(Struct, frozen=True, rename="kebab", forbid_unknown_fields=True):
    """Where files are kept, and their limits.

    Either `folder` is a folder of this machine, or `bucket` one of an S3-compatible store: at `endpoint`, else at that
    of AWS in `region`, below `prefix`. `largest_gib` limits one file, `quota_gib` all files together. An upload that
    gets no piece for `days` is deleted.
    """

    folder: Text | None = None
    bucket: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\Z")] | None = None
    endpoint: Text | None = None
    region: Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,40}\Z")] = "us-east-1"
    prefix: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{1,100}\Z")] = "comity"
    largest_gib: Size = 64.0
    quota_gib: Size = 1_024.0
    days: Annotated[int, Meta(ge=1, le=90)] = 2

    @property
    def stated(self) -> str:
        """Return where files are kept, for commands that have no configuration: JSON without credentials."""
        place = {"bucket": self.bucket, "endpoint": self.endpoint, "region": self.region, "prefix": self.prefix}
        said = {"folder": self.folder} if self.folder else {name: each for name, each in place.items() if each}
        return msgspec.json.encode(said).decode()

    @property
    def where(self) -> str:
        """Return where files are kept, for people."""
        return self.folder or f"the bucket {self.bucket} at {self.endpoint or f'AWS, {self.region}'}"

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
    if (settings.folder is None) == (settings.bucket is None):
        raise ValueError("[files]: either a folder or a bucket")
    if settings.folder is not None and not Path(settings.folder).is_absolute():
        raise ValueError("[files]: folder is an absolute path")
    if settings.endpoint is not None and not is_private(settings.endpoint):
        raise ValueError("[files]: endpoint is an address with https://, or of this machine")
    return settings
