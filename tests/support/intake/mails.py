"""Mails of a provider to an office, with the headers that servers write, reports of a delivery, and signatures."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

SERVER = "mx.karsk.example"
TAKEN = "Tue, 03 Mar 2026 10:15:30 +0100"


def mail(
    subject: str = "Re: PPO-2026-123",
    *,
    before: Sequence[str] = (),
    stamp: str = f"from out.skylark.example by {SERVER} with ESMTPS; {TAKEN}",
    date: str = "Tue, 03 Mar 2026 10:15:00 +0100",
    files: Sequence[tuple[str, bytes]] = (),
    text: str = "We have received your order.",
) -> bytes:
    """Return a mail; `before` are header lines above the stamp."""
    lines = [*before, *([f"Received: {stamp}"] if stamp else [])]
    lines += [
        "From: =?utf-8?Q?Skylark_S=C3=AAcurit=C3=A9?= <legal@skylark.example>",
        "To: Office <orders@karsk.example>",
        f"Subject: {subject}",
        f"Date: {date}",
        "Message-ID: <m1@skylark.example>",
        "MIME-Version: 1.0",
    ]
    if not files:
        return "\r\n".join([*lines, "Content-Type: text/plain; charset=utf-8", "", text, ""]).encode()
    lines += ['Content-Type: multipart/mixed; boundary="B"', "", "--B", "Content-Type: text/plain", "", text]
    for name, content in files:
        body = base64.encodebytes(content).decode().strip().replace("\n", "\r\n")
        lines += [
            "--B",
            f'Content-Type: application/pdf; name="{name}"',
            f'Content-Disposition: attachment; filename="{name}"',
            "Content-Transfer-Encoding: base64",
            "",
            body,
        ]
    return "\r\n".join([*lines, "--B--", ""]).encode()


def delivery_report(
    action: str = "delivered", *, subject: str = "PPO-2026-123", at: str = "Mon, 02 Mar 2026 09:00:05 +0100"
) -> bytes:
    """Return a report of a mail server about a mail of the office (RFC 3464)."""
    return "\r\n".join(
        [
            f"Received: by {SERVER}; {TAKEN}",
            "From: MAILER-DAEMON@mx.skylark.example",
            "To: orders@karsk.example",
            f"Subject: Delivery status: {subject}",
            f"Date: {at}",
            "Message-ID: <r1@mx.skylark.example>",
            'Content-Type: multipart/report; report-type=delivery-status; boundary="R"',
            "",
            "--R",
            "Content-Type: text/plain",
            "",
            "Your message.",
            "--R",
            "Content-Type: message/delivery-status",
            "",
            "Reporting-MTA: dns; mx.skylark.example",
            f"Arrival-Date: {at}",
            "",
            "Final-Recipient: rfc822; legal@skylark.example",
            f"Action: {action}",
            "Status: 2.0.0",
            f"Last-Attempt-Date: {at}",
            "",
            "--R",
            "Content-Type: text/rfc822-headers",
            "",
            "Message-ID: <order-1@karsk.example>",
            "",
            "--R--",
            "",
        ]
    ).encode()


def key() -> tuple[bytes, str]:
    """Return a new RSA key: the private one as PEM, and the record of the public one."""
    made = rsa.generate_private_key(65537, 1024)  # noqa: S505 - quick; checked for one test
    private = made.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    public = made.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return private, f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"


def signed(message: bytes, private: bytes, **more: object) -> bytes:
    """Return a mail with a DKIM signature of s1._domainkey.skylark.example."""
    import dkim

    return bytes(dkim.sign(message, b"s1", b"skylark.example", private, **more)) + message
