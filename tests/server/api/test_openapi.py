"""The OpenAPI document is valid, and every answer has the form that it states."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from server.api.openapi import document
from server.api.routes import ROUTES
from server.documents import CALENDAR
from server.problems import STATUS
from tests.server.identity.browser import signed_in
from tests.server.office import Office

ASKED = (
    "/health", "/ready", "/v1/head", "/v1/kinds", "/v1/kinds/order-issued", "/v1/vocabulary", "/v1/register",
    "/v1/entries", "/v1/entries/2", "/v1/orders", "/v1/orders/{}", "/v1/orders/{}/entries", "/v1/orders/{}/place",
    "/v1/consistency?start=3&end=9", "/v1/orders/{}/bundle?audience=CT",
)  # fmt: skip


@cache
def served() -> dict[str, Any]:
    return document()


def schema(name: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": served()["components"]})


def test_the_document_is_openapi_3_1() -> None:
    OpenAPIV31SpecValidator(served()).validate()


def test_the_document_that_is_served_is_the_one_of_the_table(office: Office) -> None:
    assert office.send("GET", "/openapi.json").json == json.loads(json.dumps(served()))


@pytest.mark.parametrize("path", ASKED)
def test_an_answer_has_the_form_that_the_document_states(office: Office, order: str, path: str) -> None:
    reply = office.ask("ilves", path.format(order))
    shape = "/".join(
        {"order-issued": "{kind}", "2": "{index}", order: "{order}"}.get(part, part)
        for part in path.format(order).partition("?")[0].split("/")
    )
    (stated,) = served()["paths"][shape]["get"]["responses"]["200"]["content"].values()
    assert reply.status == 200
    schema(stated["schema"]["$ref"].rpartition("/")[2]).validate(reply.json)


def test_every_route_was_asked() -> None:
    assert len(ASKED) == sum(route.method == "GET" and route.answer is not None for route in ROUTES)


def test_an_answer_to_a_person_has_the_form_that_the_document_states(office: Office) -> None:
    browser, authenticator = signed_in(office, "a person of the document", "ilves")
    schema("AccountAnswer").validate(browser.get("/v1/account").json)
    schema("PasskeyOptionsAnswer").validate(browser.post("/v1/sign-in/passkey/options", {}).json)
    schema("SignedInAnswer").validate(browser.sign_in(authenticator).json)
    for path in ("/v1/account/sessions/end", "/v1/sign-out"):
        schema("EndedAnswer").validate(browser.post(path, {}).json)


def test_a_problem_has_the_form_that_the_document_states(office: Office) -> None:
    for path in ("/v1/orders/x", "/v1/entries?limit=0"):
        schema("Problem").validate(office.ask("ilves", path).json)


def test_every_address_states_its_problems() -> None:
    for path, operations in served()["paths"].items():
        for method, operation in operations.items():
            stated = {int(status) for status in operation["responses"]}
            signed = {400, 401} if path != CALENDAR else set()  # that address reads no signature and no query
            assert {200, 421, 429, 503} | signed <= stated, (method, path)
            assert stated - {200, 204, 206, 304} <= {*STATUS.values(), 422, 503}
