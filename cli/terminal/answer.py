"""Define the answer of a command: one struct, which is its JSON document and the source of its table.

Each command defines its answer in its own module, as a subclass of `CommandAnswer` whose tag is the name of its JSON
document: `class DueAnswer(CommandAnswer, tag="comity.due/1")`. `comity schema` prints the JSON Schema of each.
"""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct, UnsetType

from projections.documents.times import Time as Time


class CommandAnswer(Struct, tag_field="format"):
    """The answer of a command; the tag is the `format` of its JSON document."""


class ErrorAnswer(CommandAnswer, tag="comity.error/1"):
    """An error under `--json`: its code, one sentence, the place that is wrong, and what to do next.

    `code` is a code of docs/reference/codes.md, or the exit code in words where the error has none. `where` and `hint`
    may be empty. `message_id` is the pattern of `message`, its places numbered from 0, and `values` fill them in order
    (`ledger.messages.built`); empty where the error has no pattern.
    """

    code: str
    message: str
    where: str
    hint: str
    message_id: str = ""
    values: list[Any] = []


class ProblemItem(Struct, frozen=True):
    """One problem: its code and one sentence."""

    code: str
    says: str


class BundleReason(Struct, frozen=True):
    """Why the verdict on a bundle is not better: a released code, the file or entry, a sentence."""

    code: str
    where: str
    says: str


class BundleItem(Struct, frozen=True):
    """The bundle that an answer was read from: what it is, the verdict on it, and how much its audience may not read.

    `partial` says that the law was judged on a partial record.
    """

    file: str
    order: str
    log: str
    size: int
    audience: str
    as_of: Time
    verdict: str
    reasons: list[BundleReason]
    withheld: int
    test: bool
    partial: str


class ServerItem(Struct, frozen=True):
    """The office server that an answer was read from, and how far the answer is proven.

    `size` is the number of entries under the verified head. No entry of the orders that were read lacks below `proven`;
    null for a list, where that no order lacks rests on the server. `withheld` counts the sealed values, which no caller
    is shown. `partial` says that the law was judged on a partial record.
    """

    url: str
    log: str
    size: int
    proven: int | None
    withheld: int
    partial: str


class ServedAnswer(CommandAnswer, kw_only=True):
    """An answer on a ledger; `server` is there if it was read from an office server and not from a folder."""

    server: ServerItem | UnsetType = UNSET


class RecordAnswer(ServedAnswer, kw_only=True):
    """An answer on one order; `bundle` is there if it was read from a bundle and not from a ledger."""

    bundle: BundleItem | UnsetType = UNSET
