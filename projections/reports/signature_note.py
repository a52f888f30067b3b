"""Say on a paper who signs it electronically, and what such a signature proves."""

from __future__ import annotations

from dataclasses import dataclass

from ledger.formats.characters import visible
from ledger.messages import Message

FIELD = Message("Electronic signature")  # the name of the signature field, for readers of the PDF


@dataclass(frozen=True, slots=True)
class SignatureNote:
    """Hold the name and the subject (RFC 4514) of the signer's certificate, and `says`: the sentences of a paper."""

    name: str
    subject: str
    says: tuple[str, ...]


def signature_note(name: str, subject: str, *, stamped: bool) -> SignatureNote:
    """Return the note of a paper that is signed when it is made; `stamped`: with a time stamp of an authority.

    A copy may have lost its signature, so the paper says where to see one.
    """
    name, subject = (visible(" ".join(text.split())) for text in (name, subject))
    return SignatureNote(
        name,
        subject,
        (
            Message(
                "Signed electronically by {0} ({1}); the signature panel of a PDF reader shows the signature. A "
                "copy for which it shows none is not signed.",
                name,
                subject,
            ),
            Message(
                "The signature proves that the key of this certificate signed this file as it is. It proves "
                "nothing about what the file says."
            ),
            Message("A time-stamp authority confirms when it was signed.")
            if stamped
            else Message("No time-stamp authority confirms when it was signed."),
        ),
    )
