"""Encode bytes in base64url without padding (RFC 4648, section 5), as WebAuthn and OpenID Connect do."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode


def encode(raw: bytes) -> str:
    """Return bytes as text."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """Return the bytes of a text; ValueError for a text that `encode` does not return."""
    raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    if encode(raw) != text:
        raise ValueError("this is no base64url")
    return raw
