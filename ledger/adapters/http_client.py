"""One way to ask somebody over HTTP: so many bytes, so many seconds, no redirects, nothing unpacked on arrival."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from urllib.parse import urlsplit

from ledger.errors import LedgerError


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered: status, Content-Type as it stands there, and at most one byte more than was asked for."""

    status: int
    media: str
    body: bytes


async def ask(url: str, most: int, seconds: float, content: bytes | None = None, *, media: str = "") -> Reply:
    """GET a URL, or POST `content` to it, as `media` where that is said; all of it within `seconds`.

    `LedgerError`: HTTP-SILENT, NO-HTTP.
    """
    try:
        import httpx
    except ImportError:
        raise LedgerError("NO-HTTP", "asking over HTTP needs httpx", "pip install 'comity[server]'") from None
    if not is_address(url):
        raise LedgerError("HTTP-SILENT", f"{url}: not the address of an http server")
    body = bytearray()
    method = "GET" if content is None else "POST"
    headers = {"accept-encoding": "identity", **({"content-type": media} if media else {})}
    try:
        async with (
            asyncio.timeout(seconds),  # of the whole exchange: httpx counts each read anew
            httpx.AsyncClient(timeout=seconds) as client,
            client.stream(method, url, content=content, headers=headers) as reply,
        ):
            async for chunk in reply.aiter_raw():
                body += chunk
                if len(body) > most:
                    break
            return Reply(reply.status_code, reply.headers.get("content-type", ""), bytes(body[: most + 1]))
    except TimeoutError:
        raise LedgerError("HTTP-SILENT", f"{url}: no answer within {seconds:g} seconds") from None
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
        raise LedgerError("HTTP-SILENT", f"{url}: {str(error) or type(error).__name__}") from None


def is_address(url: str) -> bool:
    """True if a text is the URL of an http or https server."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0  # raises over 65535
    except ValueError:
        return False
