"""What the reader holds from elsewhere: a checkpoint, typed or from a signed file, and how the trust came."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from ledger.errors import RecordError
from ledger.messages import Message
from ledger.tlog.note import Checkpoint, split_note
from ledger.trust.trust_folder import parse_anchor


class Came(StrEnum):
    """How the trust or the checkpoint of the reader came, as the reader says, or as its place shows."""

    WITH = "with"  # with the file that is verified
    APART = "apart"  # by another way
    VOICE = "voice"  # its words, or those of the checkpoint, were compared by voice
    BESIDE = "beside"  # the reader does not say, and it is in or next to the folder of the file
    TRUST_BESIDE = "trust-beside"  # so is the trust, but not the checkpoint
    UNSAID = "unsaid"  # the reader was asked, and has not answered


_BESIDE = Message(
    "it is consistent in itself; whose it is was not shown: the trust that was given is in or next to its folder, "
    "and nothing says that it came by another way (--trust-came)"
)
NOT_APART = {
    Came.WITH: Message(
        "it is consistent in itself; whose it is was not shown: the trust that was given came with it, and a forger "
        "encloses what fits"
    ),
    Came.BESIDE: _BESIDE,
    Came.TRUST_BESIDE: _BESIDE,
    Came.UNSAID: Message(
        "it is consistent in itself; whose it is was not shown: nothing says how the trust that was given came"
    ),
}
TRUST_OF_BUNDLE = Message("You gave the trust of {0}. This bundle is of {1}.")
TRUST_OF_RECORD = Message("You gave the trust of {0}. This record is of {1}.")
CHECKPOINT_OF_BUNDLE = Message("You gave a checkpoint of {0}. This bundle is of {1}.")
CHECKPOINT_OF_RECORD = Message("You gave a checkpoint of {0}. This record is of {1}.")
OF_ANOTHER_LOG = frozenset((TRUST_OF_BUNDLE, TRUST_OF_RECORD, CHECKPOINT_OF_BUNDLE, CHECKPOINT_OF_RECORD))


class HeldCheckpoint(Struct, frozen=True):
    """A checkpoint that the reader holds; `note` is its signed note, empty for three lines that were typed.

    `confirmed`: the reader has compared what was typed, letter by letter, with what is printed. `unsigned`: no key of
    the log is shown to have signed the note.
    """

    checkpoint: Checkpoint
    note: bytes = b""
    confirmed: bool = False
    unsigned: bool = False

    @property
    def weak(self) -> bool:
        """Whether a difference proves nothing against the log: it was typed, or no key of the log signed the note."""
        return self.typed or self.unsigned

    @property
    def typed(self) -> bool:
        """Whether a typing error can explain a difference."""
        return not (self.note or self.confirmed)


class ComparedRoots(Struct, frozen=True):
    """A typed root that differs from the root of the record at `size`, both in base64.

    `letters` are the places that differ, from 1.
    """

    size: int
    typed: str
    here: str
    letters: tuple[int, ...]


def parse_held(data: bytes | None, *, typed_as_printed: bool = False) -> HeldCheckpoint | None:
    """Read a held checkpoint: a signed note, or its three lines; None for None. Raises CP-FORMAT, CP-ORIGIN."""
    if data is None:
        return None
    checkpoint = parse_anchor(data)
    try:
        split_note(data)
    except RecordError:
        return HeldCheckpoint(checkpoint, confirmed=typed_as_printed)
    return HeldCheckpoint(checkpoint, data)
