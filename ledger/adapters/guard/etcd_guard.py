"""Keep the guard of a log in etcd (version 3.4 or newer), over its JSON gateway: one key, compared and replaced.

    etcd://one.example:2379,two.example:2379            without TLS: for a network that only the office's machines reach
    etcds://one.example:2379/prefix?ca=/etc/comity/ca.pem&cert=/etc/comity/me.pem&key=/etc/comity/me.key
    etcds://one.example:2379?ca=/etc/comity/ca.pem&user=comity&password-file=/etc/comity/etcd.password

A client certificate that goes with a user has no common name: the gateway of etcd refuses the two together.

Nothing here is a lock or a lease: a transaction replaces the value if it is the expected one. The value is compared
instead of its `mod_revision`, because a request whose answer was lost is then repeated as it is. A value that occurs
again is the same signed state. Sources: etcd.io/docs/v3.5, "Why gRPC gateway", "Role-based access control".

Each answer of a member has its date (RFC 9110, section 6.6.1), so a machine with another time than every member signs
nothing. A member with another time is passed over.
"""

from __future__ import annotations

import json
import ssl
import time
from base64 import b64encode
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from os.path import isabs
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from msgspec import Struct

from ledger.adapters.guard.clocks import ClockDiffers, check_clock
from ledger.adapters.storage.postgres import PATIENCE, retries
from ledger.errors import LedgerError, RecordError
from ledger.tlog.note import unb64

if TYPE_CHECKING:
    import httpx

PREFIX = "comity/guard"
LARGEST = 1 << 16  # bytes of an answer; a value has about 300
_SECONDS = 5.0  # for a connection, and for each part of an answer of one endpoint
_FILES = ("ca", "cert", "key", "password-file")
_REFUSED = (400, 401, 403, 404)  # another try would get the same answer
_SET_CLOCK = "set the clock of this machine, or of the members of etcd if they are wrong"
_UNAUTHENTICATED = 16  # of the codes of gRPC; etcd answers so to a token that has expired


class EtcdAddress(Struct, frozen=True):
    """The endpoints (URLs) of one etcd, the prefix of the keys there, a user, and paths of files with secrets."""

    endpoints: tuple[str, ...]
    prefix: str
    user: str
    files: Mapping[str, str]


def parse_address(text: str) -> EtcdAddress:
    """Parse the address of an etcd. Raises `RecordError` STORE-ADDRESS."""
    hint = "etcd://host:2379,other:2379, or etcds:// with ?ca=FILE&cert=FILE&key=FILE&user=NAME&password-file=FILE"
    try:
        parts = urlsplit(text)
        given = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True)) if parts.query else {}
        user = given.pop("user", "")
        scheme = {"etcd": "http", "etcds": "https"}[parts.scheme]
        endpoints = tuple(f"{scheme}://{host}" for host in parts.netloc.split(","))
        ports = [urlsplit(endpoint).port for endpoint in endpoints]  # raises for what is no port
        strange = given.keys() - set(_FILES) or "@" in parts.netloc or parts.fragment or not text.isprintable()
        if strange or " " in text or None in ports or not all(urlsplit(each).hostname for each in endpoints):
            raise ValueError(text)
        halves = ("cert" in given) != ("key" in given) or bool(user) != ("password-file" in given)
        if halves or (scheme == "http" and {"ca", "cert"} & given.keys()) or not all(map(isabs, given.values())):
            raise ValueError(text)
    except (ValueError, KeyError):  # their text is left out: it may have a mistyped password
        raise RecordError("STORE-ADDRESS", "this is no address of an etcd", hint=hint) from None
    return EtcdAddress(endpoints, parts.path.strip("/") or PREFIX, user, given)


class EtcdGuard:
    """The guard of one log in etcd, as `GuardBackend` says."""

    def __init__(self, address: str, origin: str) -> None:
        """Open nothing yet. Raises `RecordError` STORE-ADDRESS."""
        self._address = parse_address(address)
        self._endpoints = list(self._address.endpoints)  # the one that answered last is the first
        self._name = address
        self._key = _b64(f"{self._address.prefix}/{origin}".encode())
        self._client: httpx.Client | None = None
        self._token = ""
        self._answered = False

    def fetch(self) -> bytes | None:
        """Return the value as `GuardBackend.fetch` says; read by the quorum of etcd (linearizable)."""
        return self._value(self._ask("kv/range", {"key": self._key}))

    def replace(self, old: bytes, new: bytes) -> bool:
        """Replace the value as `GuardBackend.replace` says."""
        return self._put_if({"key": self._key, "target": "VALUE", "value": _b64(old)}, new)

    def create(self, new: bytes) -> bool:
        """Store the first value as `GuardBackend.create` says."""
        return self._put_if({"key": self._key, "target": "CREATE", "create_revision": "0"}, new)

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _put_if(self, condition: dict[str, str], new: bytes) -> bool:
        """Put a value if a condition holds; True as well if the value is there, put by a request without an answer."""
        answer = self._ask(
            "kv/txn",
            {
                "compare": [condition],
                "success": [{"request_put": {"key": self._key, "value": _b64(new)}}],
                "failure": [{"request_range": {"key": self._key}}],
            },
        )
        if answer.get("succeeded") is True:
            return True
        try:
            return self._value(answer["responses"][0]["response_range"]) == new
        except (KeyError, IndexError, TypeError):
            raise self._away("not an answer to a transaction") from None

    def _value(self, answer: dict[str, Any]) -> bytes | None:
        try:
            rows = answer.get("kvs", [])
            return unb64(rows[0]["value"]) if rows else None
        except (KeyError, IndexError, TypeError, ValueError):
            raise self._away("not an answer to a range") from None

    def _ask(self, path: str, question: dict[str, Any]) -> dict[str, Any]:
        """Ask the endpoints in turn, for thirty seconds, until one answers; GUARD-AWAY if none does."""
        httpx = _driver()
        for wait in retries(PATIENCE if self._answered else _SECONDS):
            faults: list[str] = []
            skewed: LedgerError | None = None
            for endpoint in list(self._endpoints):
                try:
                    answer = self._post(endpoint, path, question)
                except ClockDiffers as error:
                    skewed = LedgerError("CLOCK-AHEAD", f"{endpoint} {error}; nothing was signed", _SET_CLOCK)
                    continue
                except (httpx.HTTPError, ValueError) as error:
                    faults.append(f"{endpoint}: {str(error) or type(error).__name__}")
                    continue
                self._endpoints.remove(endpoint)
                self._endpoints.insert(0, endpoint)
                self._answered = True
                return answer
            if skewed and not faults:
                raise skewed
            if not wait():
                raise skewed or self._away("; ".join(faults))
        raise AssertionError("unreachable")

    def _post(self, endpoint: str, path: str, question: dict[str, Any]) -> dict[str, Any]:
        """Send a question; log in before it if the address names a user. ValueError for any other answer than 200."""
        for _ in range(2):
            if self._address.user and not self._token:
                password = _read(self._address.files["password-file"]).decode().rstrip("\n")
                login = {"name": self._address.user, "password": password}
                status, answer = self._send(endpoint, "auth/authenticate", login)
                if status != 200:
                    raise LedgerError("GUARD-AWAY", f"{endpoint}: {answer.get('message')}", "user and password-file")
                self._token = str(answer.get("token", ""))
            status, answer = self._send(endpoint, path, question)
            if status == 200:
                return answer
            self._token = ""
            if answer.get("code") != _UNAUTHENTICATED:
                break
        says = f"{status} {str(answer.get('message', ''))[:200]}"
        if status in _REFUSED:
            raise self._away(f"{endpoint}: {says}")
        raise ValueError(says)

    def _send(self, endpoint: str, path: str, question: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        body, end = b"", time.monotonic() + _SECONDS
        headers = {"authorization": self._token} if self._token else {}
        asked = time.time()
        with self._opened().stream("POST", f"{endpoint}/v3/{path}", json=question, headers=headers) as reply:
            for chunk in reply.iter_bytes():
                body += chunk
                if len(body) > LARGEST or time.monotonic() > end:
                    raise ValueError("an answer without end")
        try:
            answer = json.loads(body)
        except (ValueError, RecursionError):  # an error of its HTTP server
            answer = {"message": body.decode("utf-8", "replace").strip()}
        if not isinstance(answer, dict) or (reply.status_code == 200 and "header" not in answer):
            raise ValueError("not an answer of etcd")
        _check_clock(reply.headers.get("date", ""), asked, time.time())
        return reply.status_code, answer

    def _opened(self) -> httpx.Client:
        if self._client is None:
            self._client = _client(self._address)
        return self._client

    def _away(self, says: str) -> LedgerError:
        hint = "nothing was acknowledged: repeat the command once most members of etcd answer"
        return LedgerError("GUARD-AWAY", f"the guard in {self._name} does not answer: {says}", hint)


def _check_clock(date: str, asked: float, answered: float) -> None:
    """Raise `ClockDiffers` if an answer is dated far from the time in which it was made; seconds since 1970."""
    try:
        given = parsedate_to_datetime(date).timestamp()
    except ValueError:
        return  # without a date
    check_clock(given, asked, answered)


def _client(address: EtcdAddress) -> httpx.Client:
    files = address.files
    for path in files.values():
        _read(path)  # the errors of `ssl` name no file
    try:
        context = ssl.create_default_context(cafile=files.get("ca"))
        if "cert" in files:
            context.load_cert_chain(files["cert"], files["key"], password=lambda: "")
    except (ssl.SSLError, ValueError) as error:
        raise LedgerError(
            "GUARD-AWAY", f"{', '.join(files.values())}: {error}", "PEM, a key without a passphrase"
        ) from None
    client: httpx.Client = _driver().Client(timeout=_SECONDS, verify=context, trust_env=False)
    return client


def _driver() -> Any:
    try:
        import httpx
    except ImportError:
        raise LedgerError("NO-HTTP", "a guard in etcd needs httpx", "pip install 'comity[server]'") from None
    return httpx


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise LedgerError(
            "GUARD-AWAY", f"{path}: {error.strerror}", "the address of the guard names this file"
        ) from None


def _b64(data: bytes) -> str:
    return b64encode(data).decode("ascii")
