"""Ask a server on this machine for its health, as a container or a script does."""

from __future__ import annotations

import http.client
import json
import ssl
from contextlib import closing

SECONDS = 4.0  # for an answer
_LARGEST = 1 << 16  # bytes
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- read, not listened on


def ask_health(host: str, port: int, *, hidden: bool) -> tuple[int, str]:
    """Return the status of GET /health, and its sentence or its JSON on one line; OSError without an answer.

    `hidden`: over TLS. The certificate is not checked: it names the address that clients use, and not this machine.
    """
    from ledger.adapters.http_server import authority

    reached = _EVERYWHERE.get(host, host)
    if hidden:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        made: http.client.HTTPConnection = http.client.HTTPSConnection(reached, port, timeout=SECONDS, context=context)
    else:
        made = http.client.HTTPConnection(reached, port, timeout=SECONDS)
    with closing(made) as connection:
        try:
            connection.request("GET", "/health", headers={"Host": authority(host, port)})
            reply = connection.getresponse()
            return reply.status, _line(reply.read(_LARGEST))
        except http.client.HTTPException as wrong:
            raise OSError(f"no answer over HTTP: {wrong!r}") from None


def _line(content: bytes) -> str:
    """Return the sentence of a problem, else the text on one line; control characters are left out."""
    text = content.decode("utf-8", "replace")
    try:
        read = json.loads(text)
    except ValueError:
        read = None
    if isinstance(read, dict) and isinstance(read.get("detail"), str):
        text = read["detail"]
    return "".join(c for c in " ".join(text.split()) if c.isprintable())[:500]
