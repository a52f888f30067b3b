"""Sort the certificates of a time-stamp reply, as DER requires of a set."""

from __future__ import annotations

_CERTIFICATES = 0xA0  # their tag in SignedData


def in_order(reply: bytes) -> bytes:
    """Return a reply (RFC 3161) with its certificates in order; unchanged if it has none or does not parse.

    No signature covers their order, and no length changes.
    """
    try:
        _, response, _ = _element(reply, 0)
        _, _, after_status = _element(reply, response)
        _, token, _ = _element(reply, after_status)
        _, _, after_type = _element(reply, token)
        _, wrapped, _ = _element(reply, after_type)
        _, at, _ = _element(reply, wrapped)
        for _ in ("version", "hashes", "content"):
            _, _, at = _element(reply, at)
        tag, at, end = _element(reply, at)
        begin, certificates = at, []
        while tag == _CERTIFICATES and at < end:
            _, _, after = _element(reply, at)
            certificates.append(reply[at:after])
            at = after
    except IndexError:
        return reply
    return reply[:begin] + b"".join(sorted(certificates)) + reply[end:] if at == end else reply


def _element(data: bytes, at: int) -> tuple[int, int, int]:
    """Return the tag at an offset, and the offsets of its content and its end; IndexError if beyond the data."""
    first, begin = data[at + 1], at + 2
    if first >= 0x80:
        begin += first - 0x80
    size = first if first < 0x80 else int.from_bytes(data[at + 2 : begin], "big")
    if begin + size > len(data):
        raise IndexError(at)
    return data[at], begin, begin + size
