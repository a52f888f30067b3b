"""A client certificate that ends at this server tells it the account: one of a configured authority, and linked."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ledger.adapters.http_server import Tls
from tests.server.identity.certificates import Certificate, issue
from tests.server.office import Office, serving_story


@dataclass
class Encrypted:
    """A server over TLS that takes client certificates of one authority."""

    office: Office
    folder: Path
    authority: Certificate
    server: Certificate

    def ask(self, path: str, by: Certificate | None, headers: Mapping[str, str] = {}) -> tuple[int, Any]:
        """Ask with a client certificate, or with none."""
        context = ssl.create_default_context(cadata=self.authority.issued_pem)
        if by is not None:
            context.load_cert_chain(*by.write(self.folder, "client"))
        connection = http.client.HTTPSConnection("127.0.0.1", self.office.port, context=context, timeout=30)
        try:
            connection.request("GET", path, None, dict(headers))
            reply = connection.getresponse()
            return reply.status, json.loads(reply.read())
        finally:
            connection.close()


@pytest.fixture(scope="module")
def encrypted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Encrypted]:
    folder = tmp_path_factory.mktemp("encrypted")
    authority = issue("authority")
    server = issue("127.0.0.1", authority)
    tls = Tls(*server.write(folder, "server"), authority.write(folder, "authority")[0])
    with serving_story("S2", folder, tls=tls) as office:
        yield Encrypted(office, folder, authority, server)


def test_a_linked_certificate_is_the_person_and_every_other_one_nobody(encrypted: Encrypted) -> None:
    accounts = encrypted.office.running.accounts
    dina, other = issue("Dina", encrypted.authority), issue("Dina", encrypted.authority)
    accounts.link_certificate(accounts.add("Dina", "ilves").id, dina.fingerprint)
    status, answer = encrypted.ask("/v1/account", dina)
    assert (status, answer["name"]) == (200, "Dina")
    assert encrypted.ask("/v1/orders", dina)[0] == 200
    status, answer = encrypted.ask("/v1/account", other)
    assert (status, answer["code"]) == (401, "API-CERTIFICATE"), "the same name is not the same certificate"
    accounts.unlink(accounts.find("Dina").id, dina.fingerprint)
    assert encrypted.ask("/v1/account", dina)[0] == 401


def test_a_client_without_a_certificate_is_answered_as_before(encrypted: Encrypted) -> None:
    assert encrypted.ask("/v1/head", None)[0] == 200
    status, answer = encrypted.ask("/v1/account", None)
    assert (status, answer["code"]) == (401, "API-SIGNATURE")


def test_a_certificate_of_another_authority_gets_no_connection(encrypted: Encrypted) -> None:
    with pytest.raises((ssl.SSLError, OSError)):
        encrypted.ask("/v1/head", issue("Dina", issue("another authority")))


def test_the_header_of_a_proxy_says_nothing_without_a_proxy(encrypted: Encrypted) -> None:
    dina = issue("Dina again", encrypted.authority)
    accounts = encrypted.office.running.accounts
    accounts.link_certificate(accounts.add("Dina again", "ilves").id, dina.fingerprint)
    status, answer = encrypted.ask("/v1/account", None, {"client-cert": dina.header})
    assert (status, answer["code"]) == (401, "API-CERTIFICATE")
