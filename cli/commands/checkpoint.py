"""`comity checkpoint`: sign and publish the present state of the log."""

from __future__ import annotations

from collections.abc import Collection

from cli.click_extensions import command
from cli.remote.servers import chosen_url, known_server, trust_of
from cli.session.open_ledger import secret, writing
from cli.terminal import output
from cli.terminal.answer import CommandAnswer
from cli.terminal.stored_by import stored, stored_by
from ledger.application.export.witnessed_head import meets_quorum, open_head, published_head
from ledger.application.journal import Journal
from ledger.tlog.note import Head, Vkey


class CheckpointAnswer(CommandAnswer, tag="comity.checkpoint/1"):
    """The signed state of the log; `quorum` is null if the policy asks for no witness.

    `stored_by` names the mirrors that state that they store all its entries.
    """

    origin: str
    size: int
    root: str
    cosignatures: int
    quorum: bool | None
    note: str
    stored_by: list[str]


@command("comity checkpoint", "comity checkpoint --json")
def checkpoint() -> None:
    """Sign and publish the state of the log now; prints the checkpoint, which others may hold as an anchor.

    The witnesses of the policy are asked to cosign it; once more on an idle log, it shows that the log is alive. The
    mirrors get the entries that they lack. What is silent is named, and nothing waits for it. Of an office server it
    is the newest state that the server has signed, verified and kept here.
    """
    if (url := chosen_url()) is not None:
        _of_server(url)
        return
    with writing() as journal:
        policy = journal.folder.policy
        mirrors = journal.folder.mirrors
        head = newest_head(journal)
        journal.log.files.rebuild(head.checkpoint.size, journal.store.hashes)  # rebuild missing tiles
        seen = meets_quorum(journal, head)
        asks = policy.quorum != "none"
    _show(head, mirrors, quorum=seen if asks else None)


def newest_head(journal: Journal) -> Head:
    """Publish the newest head, have the witnesses and mirrors with an address cosign it, and return it."""
    journal.log.catch_up()
    policy = journal.folder.policy
    if journal.folder.mirrors or any(key in policy.urls for key in policy.witnesses.values()):
        from cli.handover.hand_over import witnesses

        return open_head(journal, witnesses(journal, every_mirror=True).cosign().kept.note)
    return published_head(journal)


def _of_server(url: str) -> None:
    """Show the newest head that an office server has signed, after it was verified and kept."""
    from cli.remote.remote_reader import served

    with served(url, secret, describe=False) as reader:
        head, server = reader.head(), known_server(url)
    if server is None:
        return
    trust = trust_of(server)
    policy = trust.policy
    seen = policy.met(policy.names(key for key, _ in head.cosignatures))
    _show(head, trust.mirrors, quorum=None if policy.quorum == "none" else seen)
    output.tell("it is kept: an older or another state of this log is refused from now on")


def _show(head: Head, mirrors: Collection[Vkey], *, quorum: bool | None) -> None:
    c = head.checkpoint
    answer = CheckpointAnswer(
        origin=c.origin,
        size=c.size,
        root=c.root.hex(),
        cosignatures=len(head.cosignatures),
        quorum=quorum,
        note=head.note.decode(),
        stored_by=[each.name for each in stored_by(head, mirrors)],
    )
    output.emit(answer, ("origin", "size", "root", "cosignatures"), [answer], text=answer.note.rstrip)
    if quorum is None:
        output.tell("NO-WITNESS: the policy asks for none")
    elif not quorum:
        output.tell("UNWITNESSED: no quorum of the policy's witnesses has seen it")
    for says in stored(head, mirrors):
        output.tell(says)
