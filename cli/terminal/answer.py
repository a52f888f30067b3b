"""Define the answer of a command: one struct, which is its JSON document and the source of its table.

Each command defines its answer in its own module, as a subclass of `CommandAnswer` whose tag is the name of its JSON
document: `class DueAnswer(CommandAnswer, tag="comity.due/1")`. `comity schema` prints the JSON Schema of each.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

Time = Annotated[datetime, Meta(tz=True)]  # in a document: UTC, whole seconds, `2027-03-01T09:40:00Z`


class CommandAnswer(Struct, tag_field="format"):
    """The answer of a command; the tag is the `format` of its JSON document."""


class ErrorAnswer(CommandAnswer, tag="comity.error/1"):
    """An error under `--json`: its code, one sentence, the place that is wrong, and what to do next.

    `code` is a code of docs/reference/codes.md, or the exit code in words where the error has none. `where` and `hint`
    may be empty.
    """

    code: str
    message: str
    where: str
    hint: str


class ProblemItem(Struct, frozen=True):
    """One problem: its code and one sentence."""

    code: str
    says: str
