"""The parts of order forms as values: titles, fields, labels, and the lines that are filled by hand.

The Annexes of Regulation (EU) 2023/1543 are listed by their sections, a form without a list in an act by its parts.
"""

from __future__ import annotations

from typing import NamedTuple

from ledger.messages import Message
from projections.reports.fillable_form import FormLine

PARAGRAPHS = {
    "2AP:7(3)": Message("What the order contains"),
    "2AP:7(4)": Message("What goes with it"),
    "2AP:8(3)(a)": Message("What the order contains"),
    "2AP:8(3)(b)": Message("Supporting information, for the requested Party only"),
    "2AP:6(3)": Message("What the request contains"),
    "2AP:9(3)": Message("What the request contains"),
    "BC:29(2)": Message("What the request specifies"),
}
OTHER = Message("What else is asked for")


class FormPart(NamedTuple):
    """Hold a part of a form without a list in an act: its title, fields, and fields that it has only where stated."""

    title: str
    fields: str
    others: str = ""


PARTS = (
    FormPart(
        Message("Who asks"),
        "issuing_authority date_issued",
        "issuing_capacity seeking_authority supervision emergency emergency_reasons",
    ),
    FormPart(Message("The addressee"), "providers"),
    FormPart(
        Message("The legal grounds"),
        "domestic_legal_grounds",
        "treaty protocol_statement offences offence_provisions applicable_penalties case_specific_statement",
    ),
    FormPart(
        Message("The data"),
        "data_categories elements_sought information_sought identifiers time_range",
        "domain_names other_information special_instructions",
    ),
    FormPart(
        Message("The answer"), "return_timeframe", "return_authority return_manner electronic_form_accepted languages"
    ),
    FormPart(Message("Preservation"), "", "preservation_sought preservation_ref intends_mutual_assistance"),
    FormPart(
        Message("For the requested authority only"),
        "",
        "summary_of_facts necessity_grounds possession_reasons relevance "
        "prior_attempts custodian_information additional_supporting_information",
    ),
)
PRESERVED = Message("The data to be preserved")
VOLUNTARY = Message("This is a request. It does not oblige the addressee.")
# Where an act asks for a statement and not for an answer: the statement, by the field that says it is made.
STATEMENTS = {
    ("2AP-6", "protocol_statement"): (
        Message(
            "This request is made under article 6 of the Second Additional Protocol to the Convention on "
            "Cybercrime (CETS 224)."
        )
    ),
    ("2AP-7", "protocol_statement"): (
        Message(
            "This order is made under article 7 of the Second Additional Protocol to the Convention on "
            "Cybercrime (CETS 224)."
        )
    ),
    ("2AP-8", "protocol_statement"): (
        Message(
            "This order is submitted under article 8 of the Second Additional Protocol to the Convention on "
            "Cybercrime (CETS 224)."
        )
    ),
    ("2AP-9", "protocol_statement"): (
        Message(
            "This request is made under article 9 of the Second Additional Protocol to the Convention on "
            "Cybercrime (CETS 224)."
        )
    ),
    ("2AP-6", "case_specific_statement"): (
        Message(
            "The information is needed because it is relevant to a specific criminal investigation or "
            "proceeding, and it will be used for that investigation or proceeding only."
        )
    ),
    ("2AP-7", "simultaneous_notification_statement"): (
        Message(
            "The authority of the Party of the provider is notified of this order at the same time, under "
            "article 7, paragraph 5."
        )
    ),
    ("BC-29", "intends_mutual_assistance"): (
        Message("The requesting Party intends to submit a request for mutual assistance for these data.")
    ),
}


class AnnexSection(NamedTuple):
    """Hold a section of an Annex: its letter ("" where it is not known), title, fields, lines filled by hand, lead."""

    letter: str
    title: str
    fields: str
    hand: tuple[FormLine, ...] = ()
    lead: str = ""
    known: bool = True


SIGNED = (
    FormLine(Message("Name and post of who signs"), blank=1),
    FormLine(Message("Date, signature, stamp"), blank=2),
)
CERTIFIED = (
    FormLine(Message("Name and post of who certifies the contents as accurate and correct"), blank=1),
    FormLine(Message("Date and signature; outside the common system also a stamp, seal or equivalent"), blank=2),
)
CONTACT = (FormLine(Message("Contact: post, electronic address, telephone, languages"), blank=2),)
NO_NOTICE = Message(
    "In any event the addressee refrains from informing the person whose data are sought; that is "
    "for the issuing authority."
)
AUTHORITIES = "from_party to_party issuing_authority reference case_ref date_issued"
ADDRESSEE = "providers addressee_capacity other_addressee_reason"
PROCEEDINGS = (
    "proceedings sentence_months sentence_in_absentia convicted_absconded offence_provisions offences "
    "applicable_penalties"
)
ANNEX_I = (
    AnnexSection("A", Message("The authorities, and their file numbers"), AUTHORITIES),
    AnnexSection("B", Message("The addressee"), ADDRESSEE, CONTACT),
    AnnexSection("C", Message("The time"), "emergency return_timeframe"),
    AnnexSection(
        "D",
        Message("Earlier requests for production or preservation"),
        "prior_order preservation_sought preservation_ref parallel_instruments",
    ),
    AnnexSection("E", Message("What helps to find the data"), "identifiers domain_names other_information"),
    AnnexSection("F", Message("The data"), "data_categories elements_sought information_sought time_range"),
    AnnexSection(
        "G",
        Message("The conditions"),
        f"{PROCEEDINGS} offence_threshold addressed_to_processor processor_ground processor_conditions "
        "special_instructions controller_delay_justification",
    ),
    AnnexSection("H", Message("Informing the person"), "notice_delay_grounds", lead=NO_NOTICE),
    AnnexSection(
        "I",
        Message("The issuing authority"),
        "issuing_authority issuing_capacity emergency_reasons",
        (FormLine(Message("Emergency without prior validation"), ticks=(Message("art. 4(5) applies"),)), *CERTIFIED),
    ),
    AnnexSection("J", Message("The validating authority"), "", CERTIFIED),
    AnnexSection("K", Message("The notified enforcing authority"), "notified_authority notification_test", CONTACT),
    AnnexSection(
        "L", Message("To whom the data go, and in what form"), "return_authority return_manner languages", CONTACT
    ),
)
FOR_AUTHORITY = AnnexSection(
    "M",
    Message("For the enforcing authority only"),
    "necessity_grounds summary_of_facts notification_test_reasons",
    (FormLine(Message("Category of Annex IV"), ticks=(Message("none"), Message("this one:")), blank=1),),
    Message("It is not in what the addressee gets."),
)
ANNEX_II = (
    AnnexSection("A", Message("The authorities, and their file numbers"), AUTHORITIES),
    AnnexSection("B", Message("The addressee"), ADDRESSEE, CONTACT),
    AnnexSection("C", Message("What helps to find the data"), "identifiers domain_names other_information time_range"),
    AnnexSection("D", Message("The data to be preserved"), "data_categories elements_sought information_sought"),
    AnnexSection("E", Message("The conditions"), f"{PROCEEDINGS} special_instructions"),
    AnnexSection(
        "F",
        Message("The issuing authority"),
        "issuing_authority issuing_capacity emergency_reasons",
        (FormLine(Message("Emergency without prior validation"), ticks=(Message("art. 4(5) applies"),)), *CERTIFIED),
    ),
    AnnexSection("G", Message("The validating authority"), "", CERTIFIED),
)
# What the certificates that may follow are in the record.
LATER = {
    "order-referred-back": "III",
    "reasons-for-non-execution-given": "III",
    "reasoned-objection-filed": "III",
    "production-request-confirmed": "V",
    "preservation-extended": "VI",
}
PART_LABELS = {
    "emergency": Message("whether it is an emergency"),
    "treaty": Message("the treaty or arrangement on mutual assistance"),
    "other_information": Message("anything else that helps to find the data"),
}
LABELS = {
    "from_party": Message("the issuing State"),
    "to_party": Message("the State of the addressee"),
    "reference": Message("the order's number"),
    "case_ref": Message("the number of the case"),
    "emergency": Message("whether it is an emergency: 8 hours, else 10 days"),
    "prior_order": Message("the order before it"),
    "preservation_ref": Message("the reference of the preservation"),
    "other_information": Message("anything else"),
    "offence_threshold": Message("the threshold met for traffic and content data"),
    "addressed_to_processor": Message("whether it goes to a processor"),
    "notified_authority": Message("the authority"),
    "notification_test": Message("whether it must be notified"),
    "notification_test_reasons": Message("why it is, or is not, notified"),
    "addressee_capacity": Message("whether designated establishment, legal representative or another establishment"),
    "other_addressee_reason": Message("why another establishment, in an emergency"),
    "parallel_instruments": Message("other instruments for the same data"),
    "proceedings": Message("criminal proceedings, or the execution of a sentence"),
    "sentence_months": Message("the sentence, in months"),
    "sentence_in_absentia": Message("whether the decision was rendered in absentia"),
    "convicted_absconded": Message("whether the person convicted absconded"),
    "processor_ground": Message("why it goes to a processor"),
    "controller_delay_justification": Message("why the controller is not to be informed, in short"),
    "notice_delay_grounds": Message("why the person is not informed yet"),
}
ANNEX = {"special_instructions": Message("special instructions to the addressee")}  # in place of the words of CETS 224
