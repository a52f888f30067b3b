"""A browser without a screen, and an authenticator in software: what a person signs in with."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2 import cbor

from server.identity.callers import SESSION
from server.identity.lockout import Lockout
from server.identity.unpadded import decode, encode
from tests.server.office import Office, Reply


@dataclass
class Authenticator:
    """Makes passkeys and signs with them.

    `flags` are user present and verified, `counter` grows with each use, `algorithm` is what it says of a new key.
    """

    origin: str
    flags: int = 0x05
    counter: int = 0
    cross_origin: bool = False
    algorithm: int = -7
    keys: dict[str, tuple[ec.EllipticCurvePrivateKey, str]] = field(default_factory=dict)

    def create(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Return the RegistrationResponseJSON for creation options."""
        key = ec.generate_private_key(ec.SECP256R1())
        id = sha256(str(len(self.keys)).encode() + options["challenge"].encode()).digest()
        self.keys[encode(id)] = key, options["user"]["id"]
        public = cbor.encode({**_public(key), 3: self.algorithm})
        credential = bytes(16) + len(id).to_bytes(2, "big") + id + public
        data = self._data(options["rp"]["id"], 0x40) + credential
        client = self._client("webauthn.create", options["challenge"])
        attestation = cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})
        return _credential(id, {"clientDataJSON": encode(client), "attestationObject": encode(attestation)})

    def get(self, options: Mapping[str, Any], id: str = "") -> dict[str, Any]:
        """Return the AuthenticationResponseJSON for request options, by the first passkey or a named one."""
        id = id or next(iter(self.keys))
        key, handle = self.keys[id]
        self.counter += 1
        data = self._data(options["rpId"], 0)
        client = self._client("webauthn.get", options["challenge"])
        signature = key.sign(data + sha256(client).digest(), ec.ECDSA(SHA256()))
        shown = {"clientDataJSON": client, "authenticatorData": data, "signature": signature}
        response = {name: encode(raw) for name, raw in shown.items()}
        return _credential(decode(id), {**response, "userHandle": handle})

    def _data(self, rp: str, flags: int) -> bytes:
        return sha256(rp.encode()).digest() + bytes([self.flags | flags]) + self.counter.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str) -> bytes:
        said = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": self.cross_origin}
        return json.dumps(said).encode()


def _public(key: ec.EllipticCurvePrivateKey) -> dict[int, Any]:
    """Return a COSE key (RFC 9053, section 7.1) for ES256."""
    numbers = key.public_key().public_numbers()
    return {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}


def _credential(id: bytes, response: dict[str, str]) -> dict[str, Any]:
    return {"id": encode(id), "rawId": encode(id), "type": "public-key", "response": response}


@dataclass
class Browser:
    """Keeps cookies and says where its requests come from, as a browser does on a page of the server."""

    office: Office
    cookies: dict[str, str] = field(default_factory=dict)

    @property
    def session(self) -> str:
        return self.cookies.get(SESSION, "")

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Reply:
        """Get an address from a page of the server."""
        return self._send("GET", path, None, {"sec-fetch-site": "same-origin", **(headers or {})})

    def post(self, path: str, content: Any, headers: Mapping[str, str] | None = None) -> Reply:
        """Post JSON from a page of the server; a header of None is left out."""
        own = {"origin": self.office.url, "sec-fetch-site": "same-origin", "content-type": "application/json"}
        return self._send("POST", path, json.dumps(content).encode(), own | dict(headers or {}))

    def _send(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str | None]) -> Reply:
        sent = {name: value for name, value in headers.items() if value is not None}
        if self.cookies:
            sent.setdefault("cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        reply = self.office.send(method, path, body, sent)
        for line in reply.cookies:
            name, _, rest = line.partition("=")
            value = rest.partition(";")[0]
            if "Max-Age=0" in line:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = value
        return reply

    # -- what the sign-in page does ------------------------------------------------------------------------------------

    def enrol(self, authenticator: Authenticator, code: str) -> Reply:
        """Register a passkey with a code, and sign in."""
        options = self.post("/v1/sign-in/enrolment/options", {"code": code})
        if options.status != 200:
            return options
        made = authenticator.create(options.json["options"])
        return self.post("/v1/sign-in/enrolment", {"code": code, "credential": made})

    def sign_in(self, authenticator: Authenticator) -> Reply:
        """Sign in with a passkey."""
        options = self.post("/v1/sign-in/passkey/options", {}).json["options"]
        return self.post("/v1/sign-in/passkey", {"credential": authenticator.get(options)})


def signed_in(office: Office, name: str, actor: str, roles: tuple[str, ...] = ()) -> tuple[Browser, Authenticator]:
    """Return the browser and the authenticator of a new person, who has signed in."""
    accounts = office.running.accounts
    account = accounts.add(name, actor, roles)
    office.running.sign_in.of_addresses = Lockout()  # other tests have failed from this address
    browser, authenticator = Browser(office), Authenticator(office.url)
    reply = browser.enrol(authenticator, accounts.make_code(account.id))
    assert reply.status == 200, reply.body
    return browser, authenticator
