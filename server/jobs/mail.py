"""Make mails that the server sends without a person asking for them, and send them."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from hashlib import sha256
from pathlib import Path

from ledger.errors import LedgerError
from server.jobs.settings import Mail

_SECONDS = 30  # of patience with the mail server


def automatic_mail(
    sender: str, address: str, subject: str, content: str, about: Sequence[str], now: datetime
) -> EmailMessage:
    """Return a mail to one address; all mails `about` the same on one day have the same Message-ID."""
    mail = EmailMessage()
    mail["From"], mail["To"] = sender, address
    mail["Subject"] = subject
    mail["Date"] = format_datetime(now)
    name = sha256("\n".join([*about, f"{now:%Y-%m-%d}"]).encode()).hexdigest()[:32]
    mail["Message-ID"] = f"<{name}@{sender.partition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(content)
    return mail


@contextmanager
def mail_server(mail: Mail) -> Iterator[Callable[[EmailMessage], object]]:
    """Yield a function that sends a mail by the mail server. `LedgerError` MAIL-REFUSED."""
    try:
        context = ssl.create_default_context()
        if mail.tls == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(mail.host, mail.port, timeout=_SECONDS, context=context)
        else:
            server = smtplib.SMTP(mail.host, mail.port, timeout=_SECONDS)
        with server:
            if mail.tls == "starttls":
                server.starttls(context=context)
            if mail.user is not None:
                lines = Path(mail.password_file or "").read_text("utf-8").splitlines()
                server.login(mail.user, lines[0] if lines else "")
            yield server.send_message
    except (smtplib.SMTPException, OSError) as wrong:  # its text may have an address
        raise LedgerError("MAIL-REFUSED", f"{mail.host}: {type(wrong).__name__}", "see [mail]") from None
