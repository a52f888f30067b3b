"""Send HTTP requests with limits on bytes and seconds, without redirects and without decompression."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from ledger.errors import LedgerError


@dataclass(frozen=True, slots=True)
class Reply:
    """Hold a server's reply: status, raw Content-Type, and at most one byte more than the limit of the request."""

    status: int
    media: str
    body: bytes


async def ask(
    url: str,
    most: int,
    seconds: float,
    content: bytes | None = None,
    *,
    media: str = "",
    encoding: str = "",
    authorization: str = "",
) -> Reply:
    """GET a URL, or POST `content` to it, with the Content-Type `media` and the Content-Encoding `encoding` if given.

    All of it within `seconds`.
    The body has at most `most` + 1 bytes, so that the caller sees when it is too large. `LedgerError`:
    HTTP-SILENT, NO-HTTP.
    """
    try:
        import httpx
    except ImportError:
        raise LedgerError("NO-HTTP", "asking over HTTP needs httpx", "pip install 'comity[server]'") from None
    if not is_address(url):
        raise LedgerError("HTTP-SILENT", f"{url}: not the address of an http server")
    body = bytearray()
    method = "GET" if content is None else "POST"
    given = {"content-type": media, "content-encoding": encoding, "authorization": authorization}
    headers = {"accept-encoding": "identity", **{name: value for name, value in given.items() if value}}
    try:
        async with (
            asyncio.timeout(seconds),  # for the whole exchange, because httpx limits each read separately
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


def is_private(url: str) -> bool:
    """Return True if a URL is of https, or of a server on this machine: no one in between reads what is sent."""
    return is_address(url) and (url.startswith("https:") or is_local(urlsplit(url).hostname or ""))


def is_local(host: str) -> bool:
    """Return True if a host is this machine, by its name or address."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def is_address(url: str) -> bool:
    """Return True if a text is the URL of an http or https server."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0  # raises over port 65535
    except ValueError:
        return False
