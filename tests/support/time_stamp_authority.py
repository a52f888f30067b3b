"""A time-stamp authority for tests: `openssl ts` over certificates made here, answering on loopback."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

STAMPING = ExtendedKeyUsageOID.TIME_STAMPING
SERIAL = 7 << 144  # long, so that this certificate is longer than its root, and OpenSSL's order of the two is not DER's
NOW = datetime.now(UTC).replace(microsecond=0)
CONFIG = """
[tsa_config]
serial = ./serial
signer_cert = ./tsa.pem
signer_key = ./tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha1, sha256, sha384, sha512
accuracy = {accuracy}
ess_cert_id_alg = sha256
{more}
"""


@dataclass
class Authority:
    """One authority in a folder: `begins` and `ends` bound its certificate, `accuracy` is as openssl's `ts` has it.

    With `whole_chain` it writes two certificates into a token, unsorted, as OpenSSL does.
    """

    folder: Path
    name: str = "Sample TSA"
    begins: datetime = NOW - timedelta(days=1)
    ends: datetime = NOW + timedelta(days=3650)
    accuracy: str = "secs:1"
    whole_chain: bool = False
    asked: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "serial").write_text("01\n")
        (self.folder / "ca.pem").write_bytes(self.root)
        (self.folder / "tsa.pem").write_bytes(self.certificate(STAMPING))
        key = self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (self.folder / "tsa.key").write_bytes(key)
        more = "certs = ./ca.pem" if self.whole_chain else ""
        (self.folder / "tsa.cnf").write_text(CONFIG.format(accuracy=self.accuracy, more=more))

    @cached_property
    def _root_key(self) -> ec.EllipticCurvePrivateKey:
        return ec.generate_private_key(ec.SECP256R1())

    @cached_property
    def _key(self) -> ec.EllipticCurvePrivateKey:
        return ec.generate_private_key(ec.SECP256R1())

    @cached_property
    def root(self) -> bytes:
        """Return the certificate that a verifier must hold, PEM."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{self.name} Root")])
        built = (
            x509.CertificateBuilder(name, name, self._root_key.public_key(), 1)
            .not_valid_before(NOW - timedelta(days=9000))
            .not_valid_after(NOW + timedelta(days=9000))
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        )
        return built.sign(self._root_key, hashes.SHA256()).public_bytes(Encoding.PEM)

    def certificate(self, *usages: x509.ObjectIdentifier, critical: bool = True) -> bytes:
        """Return the authority's certificate, PEM.

        It always has the same serial number, so that one may replace another. It is for `usages`, without any
        for everything.
        """
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{self.name} Root")])
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)])
        built = (
            x509.CertificateBuilder(issuer, subject, self._key.public_key(), SERIAL)
            .not_valid_before(self.begins)
            .not_valid_after(self.ends)
        )
        if usages:
            built = built.add_extension(x509.ExtendedKeyUsage(usages), critical=critical)
        return built.sign(self._root_key, hashes.SHA256()).public_bytes(Encoding.PEM)

    def reply(self, query: bytes) -> bytes:
        """Return the answer to a query, both in DER."""
        self.asked.append(query)
        self._openssl("-reply", "-config", "tsa.cnf", "-section", "tsa_config", query=query)
        return (self.folder / "out").read_bytes()

    def stamp(self, data: bytes, algorithm: str = "sha256", *, certificate: bool = True) -> bytes:
        """Return a token over `data`, with or without the certificate of its signer."""
        (self.folder / "data").write_bytes(data)
        self._openssl("-query", "-data", "data", f"-{algorithm}", *(["-cert"] if certificate else []))
        return self.reply((self.folder / "out").read_bytes())

    def _openssl(self, *arguments: str, query: bytes | None = None) -> None:
        if query is not None:
            (self.folder / "query").write_bytes(query)
            arguments = (*arguments, "-queryfile", "query")
        command = ["openssl", "ts", *arguments, "-out", "out"]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True, timeout=30)

    @contextmanager
    def served(self) -> Iterator[str]:
        """Serve the authority on loopback; yield its URL."""
        authority = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # the name http.server asks for
                assert self.headers["content-type"] == "application/timestamp-query"
                body = authority.reply(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(200)
                self.send_header("content-type", "application/timestamp-reply")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
