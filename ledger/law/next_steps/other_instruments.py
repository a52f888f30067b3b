"""Next steps of the findings on acts, on the Budapest Convention, on the law of the United States, and on consent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ledger.command_line import command_line
from ledger.law.next_steps.step import NextStep, Remedies, nothing, record, restate, run
from ledger.law.parties.bound_parties import bound_from
from ledger.law.parties.party_register import Register
from ledger.law.rules.acts import ACTS
from ledger.messages import Message

ROWS: dict[str, Remedies] = {
    "V-NOT-IN-FORCE": (
        run(
            "from when the instrument is in force for both Parties, if it was",
            "record party-registered -f party=PARTY -f zone=ZONE -f declarations_verified=no -f in_force=2AP=DAY",
        ),
        nothing("an act that was not in force when the order was made gives it no basis"),
    ),
    "G-DECLARATIONS-UNVERIFIED": (
        run(
            "that somebody read the declarations of the other Party",
            "record party-registered -f party=PARTY -f zone=ZONE -f declarations_verified=yes",
        ),
    ),
    "V-27-7-NO-REASONS": (
        restate("the reasons, if they were given", "request-refused execution-postponed", "-f reasons=TEXT"),
    ),
    "G-27-1-REASONS": (
        restate("the reasons, if they were given", "request-refused execution-postponed", "-f reasons=TEXT"),
        nothing("without reasons the treaty decides, and it is not in this record"),
    ),
    "W-17-PATH": (
        restate(
            "the path and the provider, if they were disclosed", "traffic-data-partially-disclosed", "-f path=TEXT"
        ),
    ),
    "W-17-NOT-DISCLOSED": (
        record("the traffic data, if they were disclosed in part", "traffic-data-partially-disclosed --on WHEN"),
    ),
    "V-25-3-NOT-CONFIRMED": (
        record(
            "the formal confirmation",
            "request-confirmed-in-writing -f confirms=ENTRY",
            "order-transmitted",
        ),
    ),
    "W-27-9-a-COPY": (
        restate(
            "that a copy went to the central authority, if it did",
            "order-transmitted",
            "-f copy_to_central_authority=yes",
        ),
    ),
    "W-27-9-a-SAME-DAY": (restate("the moment of the transmission, if it is wrong", "order-transmitted", "--on WHEN"),),
    "W-28-4-NOT-EXPLAINED": (
        record("the explanation of the use", "use-explained -f about=ENTRY", "condition-imposed"),
    ),
    "V-29-GROUND": (
        restate("a ground of the article, if it was given", "preservation-refused request-refused", "-f ground=GROUND"),
        nothing("the requested Party has to keep the data; the requesting Party can ask again"),
    ),
    "G-29-4-RESERVATION": (
        run(
            "the reservation of the requested Party, if it made one",
            "record declaration-recorded -f party=PARTY -f declaration=R-29-4 -f verified=yes -f valid_from=DAY",
        ),
    ),
    "V-3-1-OWN-STATE": (nothing("an order to an addressee of the same State is a national one"),),
    "V-29-7-CEASED": (
        restate("the cause, if it is another one", "preservation-ceased", "-f cause=CAUSE"),
        nothing("the data are no longer kept"),
    ),
    "W-16-2-LENGTH": (
        restate("the period, if it is ninety days or less", "preservation-extended", "-f extends_by=P90D"),
        restate("the period, if it is ninety days or less", "preservation-requested", "-f period=P90D"),
    ),
    "V-2703f-CEASED": (
        restate("the cause, if it is another one", "preservation-ceased", "-f cause=CAUSE"),
        nothing("the data are no longer kept"),
    ),
    "W-29-6-UNDECIDED": (
        record(
            "that the request is to be executed all the same",
            "order-maintained -f answers=ENTRY",
            "preservation-risk-reported",
        ),
        record(
            "that the request is withdrawn", "order-withdrawn -f reason=no-longer-needed -f data_handling=none-held"
        ),
    ),
    "W-29-7": (
        record(
            "the request for the data, if it was made in time",
            "production-request-confirmed -f production_kind=MLA --on WHEN --on-source receipt-stamp",
        ),
    ),
    "W-2703d-MOTION": (
        nothing("2703(h) is for contents alone; under 2703(d) the court may quash or modify the order"),
    ),
    "W-2703f-ENDED": (
        record(
            "the process or the renewed request, if it came in time",
            "production-request-confirmed -f production_kind=domestic --on WHEN --on-source receipt-stamp",
        ),
    ),
    "W-2703f-RENEWAL": (nothing("the section has one further period of ninety days"),),
    "W-2703h-CONDITIONS": (
        restate(
            "the State whose law conflicts, if it is another one",
            "reasoned-objection-filed",
            "-f conflicting_law_party=PARTY",
        ),
        nothing("the motion does not suspend the order; the court can still hear it under 2703(d)"),
    ),
    "W-2703h5-NOT-QUALIFYING": (nothing("2703(h)(5) is for contents and for a qualifying foreign government"),),
    "W-OPO-5-LATE": (
        restate("the moment of service, if it is wrong", "order-received", "--on WHEN"),
        nothing("the judge who made the order can vary its time"),
    ),
    "V-OPO-9-NOT-SERVED": (
        record("the service of the order, if it was in time", "order-received --on WHEN --on-source receipt-stamp"),
        nothing("a new order is needed"),
    ),
    "W-2703h-LATE": (restate("the moment of the motion, if it is wrong", "reasoned-objection-filed", "--on WHEN"),),
    "G-VOL-EVIDENTIAL-RISK": (
        record(
            "a request for mutual assistance for the same data; the finding stays", "escalated-to-mutual-assistance"
        ),
    ),
}


def binding_steps(register: Register, instrument: str, parties: Sequence[str]) -> tuple[NextStep, ...]:
    """Return, for each of these Parties that a treaty is not known to bind, the command that says from when it does.

    The command states again all that the register has of the Party, because the newest entry replaces the one before.
    """
    act = instrument.partition("-")[0]
    if act not in ACTS or ACTS[act].since is not None:
        return ()  # the day of the act decides, or an agreement between the two
    return tuple(
        NextStep(Message("from when {0} binds {1}, if it does", act, party), _command(register, act, party))
        for party in dict.fromkeys(parties)
        if bound_from(register, act, party) is None
    )


def _command(register: Register, act: str, party: str) -> str:
    newest = next((e for e in reversed(register.of("party-registered")) if e.get("party") == party), None)
    known = {"party": party, "zone": "ZONE", "declarations_verified": False} if newest is None else newest.public
    known = {"party": party, **known}
    registrar = "registrar" if newest is None else newest.by
    stated = [f"{name}={value}" for name, values in known.items() for value in _texts(values)]
    fields = [word for each in (*stated, f"in_force={act}=DAY") for word in ("-f", each)]
    return command_line("record", "party-registered", *fields, "--as", registrar)


def _texts(value: object) -> Iterator[str]:
    """Yield the texts that state a value as the command line takes it: one for each item of a list or a name."""
    match value:
        case bool():
            yield "yes" if value else "no"
        case dict():
            yield from (f"{key}={text}" for key, text in value.items())
        case list() | tuple():
            yield from map(str, value)
        case _:
            yield str(value)
