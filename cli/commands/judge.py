"""`comity judge`: show the deadlines, findings and criteria A1 to A8 of one order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import click
from msgspec import UNSET, UnsetType

from cli.click_extensions import command
from cli.exit_codes import Exit
from cli.records.source import RecordSource, from_bundle, item, server_item
from cli.session.options import ANY_ORDER, AS_OF
from cli.terminal import output
from cli.terminal.judgement_text import JudgementFields, next_steps, opinion, sheet
from cli.terminal.table import wrapped as wrapped
from ledger.law import judge as judge_case
from ledger.law.admissibility.forums import ForumSheet
from projections.documents.judgement import judged


class JudgeAnswer(JudgementFields, tag="comity.judge/1"):
    """The judgement of one order, and with --forum the questions that a forum asks."""

    forum: ForumSheet | UnsetType = UNSET


@command(
    "comity judge PPO-2026-123",
    "comity judge main --as-of 2027-09-02T00:00:00Z --json",
    "comity judge --bundle court.evidence.zip --trust trust/",
    refused=Exit.UNDECIDABLE,
)
@ANY_ORDER
@AS_OF
@click.option("--forum", help="Beside A1-A8, the questions a forum asks: US, GB, DE, EU or ECHR.")
@from_bundle
def judge(order: str | None, as_of: datetime | None, forum: str | None, source: RecordSource) -> Exit:
    """Deadlines, findings, and the criteria A1-A8 with the entries each rests on; exit 3 on a violation.

    Under each point is what would settle it, and the command that records it; the caller fills in words in capitals.
    With --bundle it is the judgement of what the bundle shows its audience, as of the moment of the bundle.
    """
    with source.reading_anywhere() as reader:
        moment = as_of or reader.now()
        case = reader.case(source.order(order, reader))
        reader.known(case, moment)  # refuses a moment of which a bundle shows nothing
    judgement = judge_case(case, moment)
    steps = None if source.bundle else next_steps(case, judgement)
    answer = JudgeAnswer(
        **judged(judgement, steps),
        forum=UNSET if forum is None else sheet(judgement, forum),
        bundle=item(source.bundle),
        server=server_item(source.server),
    )
    rows: list[Sequence[Any]] = [("state", judgement.state, "", "")]
    rows += [("region", name, value, "") for name, value in judgement.regions.items()]
    rows += [("deadline", c.id, str(c.verdict), output.plain(c.due)) for c in judgement.deadlines]
    rows += [("finding", f.code, f.level.value, f.says) for f in judgement.findings]
    rows += [("criterion", name, str(c.state), "; ".join(c.lacks)) for name, c in judgement.criteria.items()]
    output.emit(
        answer, ("what", "name", "value", "says"), rows, text=lambda: opinion(case, judgement, forum, steps=steps)
    )
    return Exit.FINDINGS if any(f.level.value == "V" for f in judgement.findings) else Exit.DONE
