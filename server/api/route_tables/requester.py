"""The routes by which a provider sees what the record proves of the office that asks, and states what it asks for."""

from __future__ import annotations

from collections.abc import Collection

from ledger.errors import RecordError
from ledger.messages import Message
from server.access import Caller
from server.api.routes import Call, Route, Services
from server.guests.documents import PolicyAnswer, PolicyStatement, PublishedPolicy, RequesterAnswer
from server.guests.requester import CHECKS, CheckId, issue_of, requester


def requester_of(services: Services, by: Caller, base: str, order: str) -> RequesterAnswer:
    """Return what the record proves of the office that has issued an order; `base` is the URL that the caller used.

    `RecordError`: API-MISSING for an order that the caller may not see, or that no entry issues.
    """
    view = services.view
    case = view.case(by, order)
    issued = issue_of(case)
    if issued is None:
        raise RecordError("API-MISSING", Message("no entry that this caller may see issues this order"))
    found = requester(
        case,
        issued,
        view.keyring.keys_of(issued.by),
        signed=view.signature_holds(by, order, issued.leaf),
        origin=view.origin,
        base=base,
        asked=services.policies.asked(by.actor),
    )
    policies = [
        PublishedPolicy(str(e.get("policy")), str(e.get("valid_from")), e.get("document")["sha256"], e.index)
        for e in case.registry
        if e.kind == "policy-adopted" and e.by == by.actor
    ]
    return RequesterAnswer(view.head(), order, found, policies)


def state_policy(services: Services, by: Caller, asked: Collection[CheckId]) -> None:
    """Keep what the office of a caller asks of each requester; `RecordError` API-DENIED."""
    if not services.view.access.states_policy(by):
        says = Message(
            "what an office asks of requesters is stated by its people, in the role of one who answers orders"
        )
        raise RecordError("API-DENIED", says)
    services.policies.state(by.actor, asked, by.account)


def _requester(services: Services, call: Call) -> RequesterAnswer:
    return requester_of(services, call.by, call.visit.base, call.path["order"])


def _policy(services: Services, call: Call) -> PolicyAnswer:
    return PolicyAnswer(call.by.actor, list(services.policies.asked(call.by.actor)), list(CHECKS))


def _state(services: Services, call: Call) -> PolicyAnswer:
    sent: PolicyStatement = call.body
    state_policy(services, call.by, sent.asked)
    return _policy(services, call)


REQUESTER_ROUTES = (
    Route(
        "GET", "/v1/orders/{order}/requester", "requester", "What the record proves of the office that asks",
        RequesterAnswer, _requester, fresh="never", codes=("API-MISSING",), guests=True,
    ),
    Route(
        "GET", "/v1/requester-policy", "requesterPolicy", "What the office of the caller asks of each requester",
        PolicyAnswer, _policy, fresh="never", guests=True,
    ),
    Route(
        "POST", "/v1/requester-policy", "stateRequesterPolicy", "State what an office asks of each requester",
        PolicyAnswer, _state, "account", body=PolicyStatement, fresh="never", codes=("API-MEDIA",), once=False,
        guests=True,
    ),
)  # fmt: skip
