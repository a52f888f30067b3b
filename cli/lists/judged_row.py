"""Make the row of one order in the list of orders: its state, deadlines, duties, and when time alone changes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from ledger.adapters.storage.orders.order_row import Due, OrderRow
from ledger.adapters.storage.views import ViewRow
from ledger.entries.case import Case, wire
from ledger.law import judge
from ledger.law.parties.register_reach import names_of
from ledger.law.turns import next_turn
from ledger.messages import plain


def shown(case: Case, moment: datetime) -> ViewRow:
    """Return the row of one order, and the next moment at which time alone changes it."""
    from cli.lists.counted_rows import counted_row
    from projections.reports.data_protection.dpo_questions import open_points
    from projections.reports.data_protection.register_rows import kept_until, short_answers
    from projections.sentences.names import names_of as called
    from projections.views.due import due
    from projections.views.state import view

    judgement, known = judge(case, moment), case.known(moment)
    v = view(known, judgement)
    issued = next(iter(case.issued), None)
    public: Mapping[str, Any] = {} if issued is None else issued.public
    authority = public.get("issuing_authority")
    names, rests_on = called(case).offices, names_of(case)
    row = OrderRow(
        order=v.order,
        ref=v.ref,
        label=v.label,
        instrument=v.instrument,
        state=v.state,
        due=[
            Due(
                id=d.clock.id,
                due=None if d.clock.due is None else wire(d.clock.due),
                policy=d.clock.policy,
                verdict=str(d.clock.verdict),
                cite=", ".join(d.clock.cite),
                entries=list(d.clock.entries),
                last_day=None if d.clock.last_day is None else d.clock.last_day.isoformat(),
                zone=d.clock.zone,
            )
            for d in due(judgement, moment)
        ],
        number=min((e.index for e in case.entries if e.order == case.order), default=-1),
        case_ref=public.get("case_ref"),
        from_party=v.from_party,
        to_party=v.to_party,
        authority=authority,
        providers=list(v.providers),
        names=[names[actor] for actor in (authority, *v.providers) if actor in names],
        issued_on=None if v.issued_on is None else wire(v.issued_on),
        last_on=None if v.last_on is None else wire(v.last_on),
        entries=v.entries,
        kinds=sorted({e.kind for e in known.entries}),
        findings=dict(sorted(Counter(f.level.value for f in judgement.findings).items())),
        answers=short_answers(known, judgement),
        open=[(duty.question, duty.says) for duty in open_points(judgement)],
        counted=counted_row(known, judgement),
        kept_until=kept_until(judgement),
        rests_on=sorted(rests_on),
    )
    return ViewRow(msgspec.json.encode(row, enc_hook=plain), next_turn(case, judgement, moment))
