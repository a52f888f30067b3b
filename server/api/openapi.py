"""Make the OpenAPI 3.1 document from the table of routes and the structs of the documents."""

from __future__ import annotations

import re
from inspect import cleandoc
from typing import Any

from msgspec import NODEFAULT, Struct
from msgspec.json import schema_components
from msgspec.structs import fields

from server.api.events import MEDIA as MEDIA_OF_EVENTS
from server.api.routes import Route
from server.api.sign_in import EVERY_ROUTE
from server.documents import CALENDAR, CALENDAR_MEDIA, SEEN, Problem
from server.exchange.addresses import ADDRESSES, BUNDLE, Address
from server.files.addresses import CONTENT, PIECE_OF
from server.files.addresses import MEDIA as BYTES
from server.files.documents import UploadAnswer
from server.identity.callers import SESSION
from server.problems import MEDIA, STATUS, TITLES

_REF = "#/components/schemas/{name}"
_BY_ACCOUNT: list[dict[str, list[str]]] = [{"session": []}, {"certificate": []}]
_KNOWN: list[dict[str, list[str]]] = [{"signature": []}, *_BY_ACCOUNT]
# What every address can answer; 401 and 403 only where a signature is needed.
_ALWAYS = (
    *("API-REQUEST", "API-SIGNATURE", "API-REPLAY", "KEY-UNKNOWN", "API-SLOW", "API-LARGE", "API-HOST", "API-HEAD"),
    "API-RATE",
)
_BY_KEY = ("API-DENIED", "KEY-ENDED", "API-SESSION", "API-CERTIFICATE", "API-ORIGIN")
_LATER = 503


def document() -> dict[str, Any]:
    """Return the OpenAPI document of the server."""
    answers: list[type[Struct]] = [route.answer for route in EVERY_ROUTE if route.answer]
    answers += [route.body for route in EVERY_ROUTE if route.body]
    answers += [each for address in ADDRESSES for each in (address.answer, address.body) if each]
    _, schemas = schema_components([*dict.fromkeys(answers), Problem], ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for route in EVERY_ROUTE:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    for address in ADDRESSES:
        paths.setdefault(address.path, {})[address.method.lower()] = _exchange(address)
    paths |= _bytes_of_files()
    paths[CALENDAR] = {"get": _calendar()}
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "Comity office server",
            "version": "1",
            "description": "One ledger over HTTP. Every answer on the record has the signed head of the log and proofs "
            "under it; what they show is said at each answer. See docs/reference/api.md.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": {name: _plain(schema) for name, schema in schemas.items()},
            "securitySchemes": {
                "signature": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Signature",
                    "description": "HTTP message signature (RFC 9421) with Ed25519 by a key of the register. It covers "
                    "@method, @target-uri and, with a body, content-digest. Its parameters are created, keyid (the raw "
                    "public key in hex) and nonce; each is valid once, for 60 seconds.",
                },
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": SESSION,
                    "description": "The session of a person who has signed in. A request that changes something comes "
                    "from a page of this server: Origin and Sec-Fetch-Site say so.",
                },
                "certificate": {
                    "type": "mutualTLS",
                    "description": "A client certificate that is linked to an account.",
                },
            },
        },
    }


def _operation(route: Route) -> dict[str, Any]:
    answer = route.answer
    media = {MEDIA_OF_EVENTS: {"schema": {"type": "string"}}}
    if answer is not None:
        media = {"application/json": {"schema": {"$ref": _REF.format(name=answer.__name__)}}}
    tagged = route.fresh in ("head", "minute")
    done: dict[str, Any] = {"description": _about(answer) if answer else EVENTS, "content": media}
    if tagged:
        done["headers"] = {"ETag": {"schema": {"type": "string"}, "description": "of the head and the caller"}}
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "parameters": [*_path(route), *_queries(route), *_headers(route)],
        "responses": {"200": done, **({"304": {"description": "Not changed."}} if tagged else {}), **_problems(route)},
        "security": [{}] if route.needs == "anyone" else _BY_ACCOUNT if route.needs == "account" else _KNOWN,
    }
    if route.body is not None:
        schema = {"$ref": _REF.format(name=route.body.__name__)}
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return operation


def _exchange(address: Address) -> dict[str, Any]:
    """Return the operation of an address that only a server with peers has."""
    done = _json(address.answer) if address.answer else _BUNDLE
    says = _about(address.answer) if address.answer else "The bundle, as the digest names it."
    parameters = []
    if "{digest}" in address.path:
        about = "The SHA-256 of a bundle, in hexadecimal."
        parameters.append(
            {"name": "digest", "in": "path", "required": True, "description": about, "schema": {"type": "string"}}
        )
    if address.after:
        schema = {"type": "integer", "minimum": 0, "default": 0}
        parameters.append({"name": "after", "in": "query", "required": False, "schema": schema})
    operation: dict[str, Any] = {
        "operationId": address.name,
        "summary": address.summary,
        "parameters": parameters,
        "responses": {
            "200": {"description": says, "content": done},
            **_by_status({*_ALWAYS, *address.codes, "API-MISSING"}),
        },
        "security": [{"signature": []}],
    }
    if address.method == "POST":
        body = _json(address.body) if address.body else _BUNDLE
        operation["requestBody"] = {"required": True, "content": body}
    return operation


def _bytes_of_files() -> dict[str, dict[str, Any]]:
    """Return the paths by which the bytes of files come and go, which a server that keeps files has."""
    says = {**_IN_PATHS, "piece": "The number of a piece, from 0."}

    def operation(path: str, name: str, summary: str, done: dict[str, Any], codes: set[str]) -> dict[str, Any]:
        return {
            "operationId": name,
            "summary": summary,
            "parameters": [_in_path(each, says[each]) for each in re.findall(r"{(\w+)}", path)],
            "responses": {**done, **_by_status({*_ALWAYS, *_BY_KEY, "API-MISSING", "BUSY", *codes})},
            "security": _KNOWN,
        }

    raw = {BYTES: {"schema": {"type": "string", "contentMediaType": BYTES}}}
    taken = {"200": {"description": _about(UploadAnswer), "content": _json(UploadAnswer)}}
    codes = {"API-MEDIA", "CONFLICT", "FILES-DIFFER", "FILES-FULL"}
    put = operation(PIECE_OF, "putPiece", "Send a piece of a file", taken, codes)
    whole = {"description": "The file, as an attachment of no type.", "content": raw}
    part = {"description": "The bytes that the header Range asks for.", "content": raw}
    fetch = operation(CONTENT, "fetchFile", "Fetch a file that was opened", {"200": whole, "206": part}, set())
    ranged = {"name": "Range", "in": "header", "required": False, "schema": {"type": "string"}}
    fetch["parameters"].append({**ranged, "description": "The first byte, and the last one: `bytes=0-99`."})
    body = {"required": True, "content": raw}
    return {PIECE_OF: {"put": {**put, "requestBody": body}}, CONTENT: {"get": fetch}}


def _calendar() -> dict[str, Any]:
    """Return the operation of the calendars, which a server with the job `calendar` has."""
    about = "The secret of the address, which `comity jobs calendar` prints."
    return {
        "operationId": "calendar",
        "summary": "The deadlines of an office as a calendar",
        "parameters": [
            {"name": "secret", "in": "path", "required": True, "description": about, "schema": {"type": "string"}}
        ],
        "responses": {
            "200": {
                "description": "A calendar (RFC 5545) without sealed values; made anew by the job `calendar`.",
                "content": {CALENDAR_MEDIA: {"schema": {"type": "string", "contentMediaType": CALENDAR_MEDIA}}},
            },
            "204": {"description": "No deadline has an end, or the job has not run yet."},
            **_by_status({"API-HOST", "API-HEAD", "API-RATE", "API-MISSING"}),
        },
        "security": [{}],
    }


_BUNDLE = {BUNDLE: {"schema": {"type": "string", "contentMediaType": BUNDLE}}}


def _json(struct: type[Struct]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REF.format(name=struct.__name__)}}}


EVENTS = (
    "Events of the type `entry`: `id` is the index of an entry, `data` a JSON object with `head` and `entry` as in "
    "EntriesAnswer. A comment comes every 15 seconds. At most 64 clients listen at once."
)


_IN_PATHS = {
    "object": "The name of an upload, as its answers have it.",
    "order": "The id of an order; `/v1/orders?name=` finds it by its reference.",
    "index": "The index of an entry in the log, from 0.",
    "kind": "The name of a kind.",
}


def _path(route: Route) -> list[dict[str, Any]]:
    return [_in_path(name, _IN_PATHS[name]) for name in re.findall(r"{(\w+)}", route.path)]


def _in_path(name: str, says: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "description": says, "schema": {"type": "string"}}


def _queries(route: Route) -> list[dict[str, Any]]:
    if route.query is None:
        return []
    properties = _schema(route.query)["properties"]
    return [
        {
            "name": each.encode_name,
            "in": "query",
            "required": each.default is NODEFAULT,
            "schema": _parameter(properties[each.encode_name]),
        }
        for each in fields(route.query)
    ]


def _headers(route: Route) -> list[dict[str, Any]]:
    named = []
    if route.fresh in ("head", "minute"):
        named.append(("If-None-Match", "The ETag of the answer that the caller has."))
        named.append((SEEN, "The size of the largest head that the caller has verified: none before it is answered."))
    if route.method == "POST" and route.once and route.needs != "anyone":
        named.append(("Idempotency-Key", "A new value for each request; the same request again gets the same answer."))
    if route.page:
        named.append(("Origin", "The base URL of this server, as every browser says."))
        named.append(("Sec-Fetch-Site", "`same-origin`, as every browser says."))
    if route.answer is None:
        named.append(("Last-Event-ID", "The index of the last entry that the caller has."))
    return [
        {"name": name, "in": "header", "required": False, "description": says, "schema": {"type": "string"}}
        for name, says in named
    ]


def _parameter(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a parameter: one that may be left out is not null in a query."""
    if "anyOf" in schema:
        (schema,) = [each for each in schema["anyOf"] if each != {"type": "null"}]
    return {name: value for name, value in schema.items() if name != "default" or value is not None}


def _schema(struct: type[Struct]) -> dict[str, Any]:
    _, schemas = schema_components([struct], ref_template=_REF)
    schema: dict[str, Any] = schemas[struct.__name__]
    return schema


def _problems(route: Route) -> dict[str, Any]:
    return _by_status({*_ALWAYS, *route.codes, *(() if route.needs == "anyone" else _BY_KEY)})


def _by_status(codes: set[str]) -> dict[str, Any]:
    by_status: dict[int, set[str]] = {_LATER: set()}
    for code in codes:
        by_status.setdefault(STATUS.get(code, 422), set()).add(code)
    return {str(status): _problem(status, sorted(some)) for status, some in sorted(by_status.items())}


def _problem(status: int, codes: list[str]) -> dict[str, Any]:
    says = f"{TITLES[status]} Codes: {', '.join(codes)}." if codes else str(TITLES[status])
    schema = {"$ref": _REF.format(name="Problem")}
    return {"description": says, "content": {MEDIA: {"schema": schema}}}


def _about(struct: type[Struct]) -> str:
    return " ".join(cleandoc(str(struct.__doc__)).split())


def _plain(part: Any) -> Any:
    match part:
        case {"description": str(text)}:
            rest = {name: _plain(value) for name, value in part.items() if name != "description"}
            return {"description": " ".join(text.split()), **rest}
        case dict():
            return {name: _plain(value) for name, value in part.items()}
        case list():
            return [_plain(each) for each in part]
        case _:
            return part
