"""Requests that are made from the OpenAPI document find no failure of the server and no answer that it does not state.

In `make test` a few of each address, in `make slow` many.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

pytest.importorskip("schemathesis", reason="makes the requests")

import schemathesis
from requests.auth import AuthBase
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from ledger.adapters.http_signatures import sign_request
from ledger.adapters.keys.key_files import Key
from server.api.sign_in import EVERY_ROUTE, SIGN_IN
from server.identity.callers import SESSION
from tests.server.office import Office

CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
ADDRESSES = sorted((route.method, route.path) for route in EVERY_ROUTE if route.answer is not None)


class Signed(AuthBase):
    """Signs each request with one key, as it is sent."""

    def __init__(self, key: Key) -> None:
        self.key = key

    def __call__(self, request: Any) -> Any:
        body = request.body.encode() if isinstance(request.body, str) else request.body
        signed = sign_request(self.key, request.method, request.url, {}, body or None)
        request.headers.update(signed)
        return request


class FromPage(AuthBase):
    """Sends each request from a page of the server, with a new session of one person."""

    def __init__(self, office: Office) -> None:
        self.office = office

    def __call__(self, request: Any) -> Any:
        running = self.office.running
        names = [each.name for each in running.accounts.all()]
        account = (
            running.accounts.find("a person") if "a person" in names else running.accounts.add("a person", "ilves")
        )
        token = running.sessions.begin(account.id, "passkey")
        own = {"origin": self.office.url, "sec-fetch-site": "same-origin", "cookie": f"{SESSION}={token}"}
        request.headers.update(own)
        return request


def make(office: Office, method: str, path: str, count: int) -> None:
    """Send `count` requests to one address, and check each answer against the document."""
    schema = schemathesis.openapi.from_url(f"{office.url}/openapi.json")
    operation = schema[path][method]
    of_page = (method, path) in {(route.method, route.path) for route in SIGN_IN}
    auth = FromPage(office) if of_page else Signed(office.key("ilves"))

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def check(case: Any) -> None:
        case.call_and_validate(auth=auth, checks=CHECKS)

    check()


@pytest.mark.parametrize(("method", "path"), ADDRESSES)
def test_a_few_made_requests_get_stated_answers(office: Office, method: str, path: str) -> None:
    make(office, method, path, 10)


@pytest.mark.slow
@pytest.mark.parametrize(("method", "path"), ADDRESSES)
def test_many_made_requests_get_stated_answers(office: Office, method: str, path: str) -> None:
    make(office, method, path, 300)
