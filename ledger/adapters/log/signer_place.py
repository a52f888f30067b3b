"""Reach a signing process: through a Unix socket, or over TLS where both sides have certificates.

    /run/comity/signer
    tls://signer.example:7443?ca=/etc/comity/signer-ca.pem&cert=/etc/comity/me.pem&key=/etc/comity/me.key

Each side believes certificates of that authority alone. Of the server, the host name is compared as well. Of the
clients, a list says which machines may ask (`signer_clients`): an authority may issue for others too.
"""

from __future__ import annotations

import socket
import ssl
from os.path import isabs
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

from msgspec import Struct

from ledger.errors import RecordError

SECONDS = 30.0  # for an answer
HANDSHAKE = 10.0  # seconds for the beginning of a TLS connection
_LONGEST = 107  # bytes of the path of a Unix socket
_SCHEME = "tls://"
_FILES = ("ca", "cert", "key")


class TlsPlace(Struct, frozen=True):
    """Host and port, and the paths of three files: the authority (PEM), the own certificate, its key."""

    host: str
    port: int
    ca: str
    cert: str
    key: str

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        files = urlencode({"ca": self.ca, "cert": self.cert, "key": self.key}, safe="/")
        return f"{_SCHEME}{host}:{self.port}?{files}"


SignerPlace = Path | TlsPlace


def parse_place(text: str) -> SignerPlace:
    """Parse a path, or an address that begins with tls://; `RecordError` STORE-ADDRESS for another form."""
    if not text.startswith(_SCHEME):
        path = Path(text).absolute()
        if len(bytes(path)) > _LONGEST:
            says = f"{path}: the path of a Unix socket has at most {_LONGEST} bytes"
            raise RecordError("STORE-ADDRESS", says, hint="take a shorter one")
        return path
    try:
        parts = urlsplit(text)
        files = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True))
        fits = files.keys() == set(_FILES) and all(map(isabs, files.values())) and text.isprintable()
        if not fits or not parts.hostname or parts.port is None or "@" in parts.netloc or parts.path or parts.fragment:
            raise ValueError(text)
    except ValueError:
        hint = f"{_SCHEME}host:port?ca=FILE&cert=FILE&key=FILE, with whole paths"
        raise RecordError("STORE-ADDRESS", "this is no address of a signing process", hint=hint) from None
    return TlsPlace(parts.hostname, parts.port, **files)


def connect(place: SignerPlace) -> socket.socket:
    """Return a connection to a signing process. OSError, which names the file if one cannot be read."""
    if isinstance(place, Path):
        line = socket.socket(socket.AF_UNIX)
        try:
            line.settimeout(SECONDS)
            line.connect(str(place))
        except BaseException:
            line.close()
            raise
        return line
    context = _context(place, ssl.PROTOCOL_TLS_CLIENT)
    plain = socket.create_connection((place.host, place.port), timeout=SECONDS)
    try:
        return context.wrap_socket(plain, server_hostname=place.host)
    except BaseException:
        plain.close()
        raise


class TlsListener:
    """A TCP socket that listens, and what makes a TLS connection of an accepted one."""

    def __init__(self, place: TlsPlace) -> None:
        self._context = _context(place, ssl.PROTOCOL_TLS_SERVER)
        self._context.verify_mode = ssl.CERT_REQUIRED
        self.socket = socket.create_server((place.host, place.port), family=_family(place.host))

    def accepted(self, line: socket.socket) -> socket.socket:
        """Return the TLS connection of a client with a certificate of the authority; OSError for another one."""
        line.settimeout(HANDSHAKE)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        wrapped = self._context.wrap_socket(line, server_side=True)
        wrapped.settimeout(None)
        return wrapped


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def _context(place: TlsPlace, side: ssl._SSLMethod) -> ssl.SSLContext:
    for name in (place.ca, place.cert, place.key):
        Path(name).read_bytes()  # the errors of `ssl` name no file
    context = ssl.SSLContext(side)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(place.ca)
    context.load_cert_chain(place.cert, place.key, password=lambda: "")  # one with a passphrase is refused
    return context
