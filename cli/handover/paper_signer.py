"""Sign papers and containers with an X.509 certificate: the options of the commands, and the signer they open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.session import ledger_choice
from cli.session.key_files import from_descriptor
from cli.terminal import output

if TYPE_CHECKING:
    from ledger.adapters.document_signatures.certificate_key import CertificateKey
    from ledger.adapters.document_signatures.time_stamp import TimeStamper
    from projections.reports.signature_note import SignatureNote

WITHOUT_STAMP = "no time stamp: no authority confirms when it was signed"


@dataclass(frozen=True, slots=True)
class SigningOptions:
    """Hold the options of an electronic signature: its key, certificate, passphrase, and whether it is stamped."""

    key: str | None = None
    certificate: str | None = None
    passphrase_fd: int | None = None
    stamped: bool = True

    def check(self) -> None:
        """Raise a usage error for an option that is of a signature, if there is none."""
        if self.key is None and self != SigningOptions():
            raise click.UsageError("--sign-cert, --passphrase-fd and --no-time-stamp are of --sign KEY")


def signing_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of an electronic signature; the command gets `signing`."""

    @wraps(command)
    def collected(
        *args: Any, sign: str | None, sign_cert: str | None, passphrase_fd: int | None, no_time_stamp: bool, **more: Any
    ) -> Any:
        signing = SigningOptions(sign, sign_cert, passphrase_fd, not no_time_stamp)
        signing.check()
        return command(*args, signing=signing, **more)

    options = (
        click.option("--sign", metavar="KEY", help="Sign with a certificate: a PKCS#12 or PEM file, or pkcs11:..."),
        click.option("--sign-cert", metavar="FILE", help="The certificate of --sign, if not in KEY; its issuers."),
        click.option("--passphrase-fd", type=int, metavar="N", help="Read the passphrase of --sign from descriptor N."),
        click.option("--no-time-stamp", is_flag=True, help="Sign without a time stamp of the ledger's authority."),
    )
    for option in reversed(options):
        collected = option(collected)
    return collected


@dataclass(frozen=True, slots=True)
class PaperSigner:
    """Hold an opened key with its certificate, and what asks an authority for a time stamp, if one is wanted."""

    key: CertificateKey
    stamp: TimeStamper | None

    @property
    def note(self) -> SignatureNote:
        """Return what a paper says of its signature."""
        from projections.reports.signature_note import signature_note

        return signature_note(self.key.name, self.key.subject, stamped=self.stamp is not None)

    def sign(self, pdf: bytes, lang: str) -> bytes:
        """Return a PDF with the signature as an incremental update: PAdES-B-T, or B-B without a time stamp."""
        from ledger.adapters.document_signatures.pdf_signature import sign_pdf
        from projections.render.translation import translation
        from projections.reports.signature_note import FIELD

        return sign_pdf(pdf, self.key, ledger_choice.now(), self.stamp, translation(lang).words(FIELD))

    def detached(self, content: bytes) -> bytes:
        """Return a detached signature over bytes: CAdES-B-T, or B-B without a time stamp."""
        from ledger.adapters.document_signatures.cms_signature import detached

        return detached(content, self.key, ledger_choice.now(), self.stamp)

    def tell(self) -> None:
        """Say on stderr who signed, and whether an authority confirms when."""
        when = "with a time stamp" if self.stamp else WITHOUT_STAMP
        output.tell(f"signed by {self.note.name} ({self.note.subject}); {when}")


def paper_signer(options: SigningOptions) -> PaperSigner | None:
    """Open the key of the options, before anything is made or recorded; None without --sign.

    Raises the errors of `open_certificate_key` and `time_stamper`.
    """
    if options.key is None:
        return None
    from cli.session.open_ledger import secret
    from ledger.adapters.document_signatures.certificate_key import open_certificate_key
    from ledger.adapters.document_signatures.time_stamp import time_stamper

    word = None if options.passphrase_fd is None else from_descriptor(options.passphrase_fd)
    asked = secret if options.passphrase_fd is None else lambda _: word
    key = open_certificate_key(options.key, options.certificate, ledger_choice.now(), asked)
    tsa = Path(ledger_choice.ledger_folder()) / "trust" / "tsa"
    return PaperSigner(key, time_stamper(tsa, ledger_choice.now) if options.stamped else None)
