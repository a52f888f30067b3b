"""The required contents of an order, by instrument and in the order of the article, and when one counts as missing.

CETS 224 arts 6(3), 7(3) to (5), 8(3) and (4), 9(3), 10(1); ETS 185 art. 29(2); Regulation (EU) 2023/1543 arts 5(5) and
6(4). A field is missing if it is absent or empty; `false` is an answer, and a value that was erased or cannot be read
here was stated.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from msgspec import Struct

from ledger.entries.case import Unread
from ledger.law.reading.order_reading import OrderReading
from ledger.law.rules.check import FindingRule, Matches
from ledger.law.terms.rule import CriterionState, Level, Mark
from ledger.messages import Message, joined

ContentCondition: TypeAlias = Callable[[OrderReading], bool]

PAPER = ("post", "courier", "fax", "by-hand")  # channels that are not electronic


def notified(r: OrderReading) -> bool:
    """an authority of the provider's State must be notified of this order"""
    return r.review.required


def supervised(r: OrderReading) -> bool:
    """the provider's Party requires orders made under supervision, and a supervision or validation is on record"""
    return r.parties.declared("D-7-2-b") is not None and bool(r.entries.of("order-supervised", "order-validated"))


def other_seeker(r: OrderReading) -> bool:
    """an authority that needs the data, and is not the issuing authority, signed an entry of this order"""
    return any(r.actors.is_by(e, "SEEK") and r.entries.is_effective(e) for e in r.entries.current)


def confidentiality_asked(r: OrderReading) -> bool:
    """a request for confidentiality is on record"""
    return bool(r.entries.of("confidentiality-requested"))


def electronic(r: OrderReading) -> bool:
    """the order went by any channel but post, courier, fax or by hand"""
    return any(e.get("channel") not in PAPER for e in r.entries.of("order-transmitted"))


def preservation_sought(r: OrderReading) -> bool:
    """the order says that preservation was already sought"""
    return r.order.states("preservation_sought") is True


def declared_8_4(r: OrderReading) -> bool:
    """the requested Party has declared that it requires additional supporting information"""
    return r.parties.declared("D-8-4") is not None


def validation_needed(r: OrderReading) -> bool:
    """the issuing authority needs a validation for these data, none is on record and none is pending"""
    issued = r.order.issued
    if issued is None or issued.get("issuing_capacity") in (None, "judge", "court", "investigating-judge"):
        return False
    if issued.get("issuing_capacity") == "public-prosecutor" and not (r.instrument == "EPOC" and traffic_or_content(r)):
        return False
    pending = issued.get("validation_pending") is True or isinstance(issued.sealed.get("validation_pending"), Unread)
    return not pending and not any(e.get("decision") == "approved" for e in r.entries.of("order-validated"))


def traffic_or_content(r: OrderReading) -> bool:
    """traffic data or content data are asked for"""
    return r.order.traffic_or_content


def emergency(r: OrderReading) -> bool:
    """the order is issued as an emergency"""
    return r.order.states("emergency") is True


def processor(r: OrderReading) -> bool:
    """the order goes directly to a processor"""
    return r.order.states("addressed_to_processor") is True


# The words of reports for a field that is missing.
WORDS = {
    "issuing_authority": "the issuing authority",
    "date_issued": "its date",
    "return_authority": "the authority to return to",
    "domain_names": "the domain names",
    "elements_sought": "the data elements sought",
    "protocol_statement": "the statement under which instrument it is made",
    "case_specific_statement": ("the statement that the data are relevant to one specific case and used in it alone"),
    "return_timeframe": "the time for the answer",
    "return_manner": "the manner of the answer",
    "providers": "the provider to be served",
    "offences": "the offences",
    "seeking_authority": "the authority that needs the data",
    "information_sought": "a description of the data sought",
    "identifiers": "the user or another identifier",
    "domestic_legal_grounds": "the domestic legal grounds",
    "offence_provisions": "the provisions of criminal law",
    "applicable_penalties": "the penalties",
    "preservation_sought": "whether preservation was already sought",
    "preservation_ref": "the date and reference of the preservation that was sought",
    "special_instructions": "the confidentiality that was asked for elsewhere",
    "simultaneous_notification_statement": "the statement on simultaneous notification",
    "summary_of_facts": "the summary of facts",
    "supervision": "the supervising (validating) authority",
    "languages": "its language",
    "electronic_form_accepted": "whether the provider accepts electronic form",
    "possession_reasons": "why the provider is believed to hold the data",
    "relevance": "why the data matter",
    "prior_attempts": "what was already tried",
    "additional_supporting_information": "the supporting information the requested Party has declared",
    "emergency_reasons": "the reasons for the emergency",
    "custodian_information": "what is known of the custodian",
    "necessity_grounds": "the grounds of necessity",
    "intends_mutual_assistance": "the intention to ask for mutual assistance",
    "issuing_capacity": "the capacity of the issuing authority",
    "data_categories": "the category of data",
    "time_range": "the period covered",
    "processor_conditions": "the confirmation of the conditions for addressing a processor",
}


class RequiredContent(Struct, frozen=True):
    """A required content: the fields that state it, its article, and when it is required (None: always)."""

    code: str
    level: Level
    cite: str
    fields: tuple[str, ...]
    when: ContentCondition | None = None
    stated_mark: Mark | None = None

    @property
    def mark(self) -> Mark:
        """How sure it is: as stated, else [known] for CETS 224, whose text was not at hand, else [text]."""
        return self.stated_mark or (Mark.KNOWN if self.cite.startswith("2AP:") else Mark.TEXT)

    @property
    def says(self) -> Message:
        """The sentence of the report."""
        *first, last = (Message(WORDS[name]) for name in self.fields)
        asked = Message("{0}{1}{2}", joined(", ", first), Message(" or "), last) if first else last
        return Message("Missing in the order: {0}.", asked)


def must(code: str, cite: str, fields: str, when: ContentCondition | None = None) -> RequiredContent:
    """Return a content that the article requires of the order itself (decision 46)."""
    return RequiredContent(code, Level.V, cite, tuple(fields.split()), when)


def should(
    code: str, cite: str, fields: str, when: ContentCondition | None = None, mark: Mark | None = None
) -> RequiredContent:
    """Return a supplemental content: time frame, manner, supporting information, details of a request to preserve."""
    return RequiredContent(code, Level.W, cite, tuple(fields.split()), when, mark)


CONTENTS: dict[str, tuple[RequiredContent, ...]] = {
    # Article 6(3): request for domain name registration information. Other special procedural instructions, 6(3)(d),
    # never count as missing.
    "2AP-6": (
        must("F601", "2AP:6(3)(a)", "issuing_authority date_issued"),
        must("F602", "2AP:6(3)(b)", "domain_names elements_sought"),
        must("F603", "2AP:6(3)(c)", "protocol_statement case_specific_statement"),
        should("F604", "2AP:6(3)(d)", "return_timeframe return_manner"),
    ),
    # Article 7(3) to (5), 4(2), 7(2)(b), 7(6): order for subscriber information. 7(4)(h) never counts as missing.
    "2AP-7": (
        must("F701", "2AP:7(3)(a)", "issuing_authority date_issued"),
        must("F702", "2AP:7(3)(b)", "protocol_statement"),
        must("F703", "2AP:7(3)(c)", "providers"),
        must("F704", "2AP:7(3)(d)", "offences"),
        must("F705", "2AP:7(3)(e)", "seeking_authority", when=other_seeker),
        must("F706", "2AP:7(3)(f)", "information_sought elements_sought identifiers"),
        should("F711", "2AP:7(4)(a)", "domestic_legal_grounds"),
        should("F712", "2AP:7(4)(b)", "offence_provisions applicable_penalties"),
        should("F713", "2AP:7(4)(c)", "return_authority"),
        should("F714", "2AP:7(4)(d)", "return_timeframe return_manner"),
        should("F715", "2AP:7(4)(e)", "preservation_sought"),
        should("F716", "2AP:7(4)(f)", "special_instructions", when=confidentiality_asked),
        should("F717", "2AP:7(4)(g)", "simultaneous_notification_statement", when=notified),
        should("F718", "2AP:7(5)(a)", "summary_of_facts", when=notified),
        should("F719", "2AP:7(2)(b)", "supervision", when=supervised),
        should("F720", "2AP:4(2)", "languages"),
        should("F721", "2AP:7(6)", "electronic_form_accepted", when=electronic),
        should("F722", "2AP:7(4)(e)", "preservation_ref", when=preservation_sought),
    ),
    # Article 8(3) and (4): order that another Party is asked to give effect to.
    "2AP-8": (
        must("F801", "2AP:8(3)(a)(i)", "issuing_authority date_issued"),
        must("F802", "2AP:8(3)(a)(ii)", "protocol_statement"),
        must("F803", "2AP:8(3)(a)(iii)", "providers"),
        must("F804", "2AP:8(3)(a)(iv)", "offences"),
        must("F805", "2AP:8(3)(a)(v)", "seeking_authority", when=other_seeker),
        must("F806", "2AP:8(3)(a)(vi)", "information_sought elements_sought identifiers"),
        should("F811", "2AP:8(3)(b)(i)", "domestic_legal_grounds"),
        should("F812", "2AP:8(3)(b)(ii)", "offence_provisions applicable_penalties"),
        should("F813", "2AP:8(3)(b)(iii)", "possession_reasons"),
        should("F814", "2AP:8(3)(b)(iv)", "summary_of_facts"),
        should("F815", "2AP:8(3)(b)(v)", "relevance"),
        should("F816", "2AP:8(3)(b)(vi)", "return_authority"),
        should("F817", "2AP:8(3)(b)(vii)", "preservation_sought"),
        should("F818", "2AP:8(3)(b)(viii)", "prior_attempts"),
        should("F819", "2AP:8(3)(b)(vii)", "preservation_ref", when=preservation_sought),
        should("F821", "2AP:8(4)", "additional_supporting_information", when=declared_8_4),
    ),
    # Article 9(3): emergency request between contact points. 9(3)(h), other information, never counts as missing.
    "2AP-9": (
        must("F901", "2AP:9(3)(a)", "issuing_authority date_issued"),
        must("F902", "2AP:9(3)(b)", "protocol_statement"),
        must("F903", "2AP:9(3)(c)", "providers"),
        must("F904", "2AP:9(3)(d)", "offences offence_provisions applicable_penalties"),
        must("F905", "2AP:9(3)(e)", "emergency_reasons"),
        must("F906", "2AP:9(3)(f)", "information_sought elements_sought identifiers"),
        should("F907", "2AP:9(3)(g)", "special_instructions", when=confidentiality_asked),
    ),
    # Article 10(1): emergency mutual assistance; the rest follows whatever governs mutual assistance.
    "2AP-10": (must("F1001", "2AP:10(1)", "emergency_reasons"),),
    # ETS 185 art. 29(2): request to another Party to preserve data.
    "BC-29": (
        should("F291", "BC:29(2)(a)", "issuing_authority"),
        should("F292", "BC:29(2)(b)", "offences summary_of_facts"),
        should("F293", "BC:29(2)(c)", "elements_sought relevance"),
        should("F294", "BC:29(2)(d)", "custodian_information"),
        should("F295", "BC:29(2)(e)", "necessity_grounds"),
        should("F296", "BC:29(2)(f)", "intends_mutual_assistance"),
    ),
    # Article 5(5): (a) to (h) go to the addressee, (a) to (j) to the enforcing authority; all belong to the order.
    "EPOC": (
        must("FE501", "EPOC:5(5)(a)", "issuing_authority"),
        must("FE502", "EPOC:5(5)(b)", "providers"),
        must("FE503", "EPOC:5(5)(c)", "identifiers"),  # the user, or the identifier that leads to the user
        must("FE504", "EPOC:5(5)(d)", "data_categories"),
        should("FE505", "EPOC:5(5)(e)", "time_range", when=traffic_or_content, mark=Mark.DESIGN),
        must("FE506", "EPOC:5(5)(f)", "offence_provisions"),
        must("FE507", "EPOC:5(5)(g)", "emergency_reasons", when=emergency),
        must("FE508", "EPOC:5(5)(h)", "processor_conditions", when=processor),
        must("FE509", "EPOC:5(5)(i)", "necessity_grounds"),
        must("FE510", "EPOC:5(5)(j)", "summary_of_facts"),
        must("FE511", "EPOC:5(5)(a)", "supervision", when=validation_needed),
        should("FE512", "EPOC:AnnexI(I)", "issuing_capacity"),
    ),
    # Article 6(4): the certificate carries (a) to (f).
    "EPOC-PR": (
        must("FE601", "EPOC:6(4)(a)", "issuing_authority"),
        must("FE602", "EPOC:6(4)(b)", "providers"),
        must("FE603", "EPOC:6(4)(c)", "identifiers"),
        must("FE604", "EPOC:6(4)(d)", "data_categories"),
        should("FE605", "EPOC:6(4)(e)", "time_range", when=traffic_or_content, mark=Mark.DESIGN),
        must("FE606", "EPOC:6(4)(f)", "offence_provisions"),
        must("FE607", "EPOC:6(4)(g)", "necessity_grounds"),
        must("FE608", "EPOC:6(4)(a)", "supervision", when=validation_needed),
        should("FE609", "EPOC:AnnexII(F)", "issuing_capacity"),
    ),
}


# Fields of an order that other rules of an instrument read: what these rules find depends on the answer.
_OF_BOTH = (
    "emergency validation_pending circumstances addressed_to_processor addressee_capacity other_addressee_reason "
    "prior_order parallel_instruments proceedings sentence_months sentence_in_absentia convicted_absconded languages "
    "notice_delay_grounds dp_regime"
)
READ_BY_RULES: dict[str, str] = {
    "EPOC": f"notification_test offence_threshold controller_delay_justification controller_delay_reasons {_OF_BOTH}",
    "EPOC-PR": _OF_BOTH,
    "2AP-7": "emergency circumstances dp_regime",
    "2AP-8": "emergency prior_attempts prior_order circumstances dp_regime",
}
OF_ANY_INSTRUMENT = "dp_regime"


def fields_asked(instrument: str) -> tuple[str, ...]:
    """Return the fields of an order that the rules of an instrument ask for or read, in the order of the article."""
    asked = (name for point in CONTENTS.get(instrument, ()) for name in point.fields)
    return tuple(dict.fromkeys((*asked, *READ_BY_RULES.get(instrument, OF_ANY_INSTRUMENT).split())))


def missing(point: RequiredContent, r: OrderReading) -> Matches:
    """Return the order if it lacks a required field."""
    asked = point.when is None or point.when(r)
    return r.order.versions[:1] if asked and r.order.lacks(*point.fields) else None


def _check(instrument: str, point: RequiredContent) -> FindingRule:
    standing = CriterionState.CONTRADICTED if point.level is Level.V else CriterionState.GAP
    return FindingRule(
        code=point.code,
        level=point.level,
        effects=(("A5", standing),),
        says=point.says,
        cite=(point.cite,),
        mark=point.mark,
        instruments=(instrument,),
        kinds=("order-issued",),
        look=partial(missing, point),
    )


MISSING = tuple(_check(instrument, point) for instrument, points in CONTENTS.items() for point in points)
