"""`comity checkpoint`: sign and publish the present state of the log."""

from __future__ import annotations

from cli.click_extensions import command
from cli.session.open_ledger import writing
from cli.terminal import output
from cli.terminal.answer import CommandAnswer
from ledger.application.export.witnessed_head import meets_quorum, open_head, published_head


class CheckpointAnswer(CommandAnswer, tag="comity.checkpoint/1"):
    """The signed state of the log; `quorum` is null if the policy asks for no witness."""

    origin: str
    size: int
    root: str
    cosignatures: int
    quorum: bool | None
    note: str


@command("comity checkpoint", "comity checkpoint --json")
def checkpoint() -> None:
    """Sign and publish the state of the log now; prints the checkpoint, which others may hold as an anchor.

    The witnesses of the policy are asked to cosign it; once more on an idle log, it shows that the log is alive.
    """
    with writing() as journal:
        journal.log.catch_up()
        policy = journal.folder.policy
        if any(key in policy.urls for key in policy.witnesses.values()):
            from cli.handover.hand_over import witnesses

            head = open_head(journal, witnesses(journal).cosign().kept.note)
        else:
            head = published_head(journal)
        journal.log.files.rebuild(head.checkpoint.size, journal.store.hashes)  # rebuild missing tiles
        seen = meets_quorum(journal, head)
        asks = policy.quorum != "none"
    c = head.checkpoint
    answer = CheckpointAnswer(
        origin=c.origin,
        size=c.size,
        root=c.root.hex(),
        cosignatures=len(head.cosignatures),
        quorum=seen if asks else None,
        note=head.note.decode(),
    )
    output.emit(answer, ("origin", "size", "root", "cosignatures"), [answer], text=answer.note.rstrip)
    if not asks:
        output.tell("NO-WITNESS: the policy asks for none")
    elif not seen:
        output.tell("UNWITNESSED: no quorum of the policy's witnesses has seen it")
