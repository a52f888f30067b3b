"""The form of a time in a JSON document."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

Time = Annotated[datetime, Meta(tz=True)]  # UTC, whole seconds, `2027-03-01T09:40:00Z`
