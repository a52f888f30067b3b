"""Name the commands of each group: the function of each, imported when it runs, and one line of help."""

from __future__ import annotations

COMMANDS = {
    "demo": ("cli.commands.demo:demo", "the main job in one go, on a shipped story"),
    "init": ("cli.commands.init:init", "a new ledger with its registrar, log key and guard"),
    "key": ("cli.app:key", "key life, every step an entry"),
    "offices": ("cli.app:offices", "the Parties and offices of an address book, with their keys"),
    "issue": ("cli.commands.issue:issue", "make an order, and record that it was made"),
    "notify": ("cli.commands.notify:notify", "the other State is told of the order"),
    "object": ("cli.commands.object:object_", "the notified authority says no: instruction or ground for refusal"),
    "disclose": ("cli.commands.disclose:disclose", "the provider hands over files; their digests are recorded"),
    "notify-customer": ("cli.commands.notify_customer:notify_customer", "the person whose data were sought is told"),
    "record": ("cli.commands.record:record", "every other kind of fact"),
    "import": ("cli.app:import_", "from elsewhere: a table of orders, HI-1, delivery evidence, letters"),
    "receive": ("cli.commands.receive:receive", "another record's bundle or entry, wrapped into this one"),
    "counterparty": ("cli.app:counterparty", "the other records that are taken in, and whose keys they have"),
    "lapse": ("cli.commands.lapse:lapse", "record deadline-lapsed for every clock that ended unmet"),
    "orders": ("cli.commands.orders:orders", "every order and the state it is in"),
    "order": ("cli.app:order", "a name of your own for an order"),
    "queue": ("cli.commands.queue:queue", "what waits for your office in the ledgers of many authorities"),
    "due": ("cli.commands.due:due", "every open clock, soonest first"),
    "show": ("cli.commands.show:show", "one order"),
    "timeline": ("cli.commands.timeline:timeline", "the story of one order"),
    "log": ("cli.app:log", "the entries of the log, newest first; `log publish` writes it out"),
    "judge": ("cli.commands.judge:judge", "deadlines, findings and the criteria A1-A8"),
    "custody": ("cli.commands.custody:custody", "hand to hand with digests"),
    "check": ("cli.commands.check:check", "is this file what was disclosed?"),
    "replay": ("cli.commands.replay:replay", "state as it was known at a moment, and what changed"),
    "register": ("cli.commands.register:register", "the ten questions of a data protection officer"),
    "stats": ("cli.commands.stats:stats", "the statistical forms, small cells withheld"),
    "report": ("cli.commands.report:report", "the documents people file: reports, certificates, the order form"),
    "lint": ("cli.commands.lint:lint", "what is missing in an order before it is sent"),
    "law": ("cli.app:law", "the rules in force with their citations"),
    "schema": ("cli.commands.schema:schema", "the JSON Schema of each document that --json prints"),
    "vocabulary": (
        "cli.commands.vocabulary:vocabulary",
        "the kinds of fact with their fields, and the codes",
    ),
    "file": ("cli.commands.file:file_", "what is filed together: bundle, papers, whom to trust, the verifier page"),
    "export": ("cli.commands.export:export", "the evidence bundle for one audience"),
    "verify": ("cli.commands.verify:verify", "offline verdict on a bundle, an entry or a ledger"),
    "trust": ("cli.app:trust", "a trust policy signed by several, its versions, and the folder a court holds"),
    "fsck": ("cli.commands.fsck:fsck", "verify this ledger, its guard, heads and views"),
    "views": ("cli.commands.views:views", "the view that lists and statistics read, and making it again"),
    "checkpoint": ("cli.commands.checkpoint:checkpoint", "sign and publish the state of the log now"),
    "stamp": ("cli.app:stamp", "time stamps over the log from authorities outside (RFC 3161)"),
    "witness": ("cli.app:witness", "cosign other logs, and name the witnesses of this one"),
    "mirror": ("cli.app:mirror", "store the entries of other logs, and name the mirrors that store this one"),
    "signer": ("cli.app:signer", "a process of its own that signs checkpoints, and never two of one size"),
    "erase": ("cli.commands.erase:erase", "destroy the key to a subject's sealed values"),
    "subject": ("cli.app:subject", "find a person; which names of data subjects mean one person"),
    "backup": ("cli.commands.backup:backup", "a copy of everything but guard, log key and keys"),
    "restore": ("cli.commands.restore:restore", "put a copy back, checked against the guard"),
    "migrate": ("cli.commands.migrate:migrate_", "move entries, keys and guard to files or databases, and back"),
    "archive": ("cli.commands.archive:archive", "all entries as Parquet, for audits on a cluster and for questions"),
    "desk": ("cli.commands.desk:desk", "a local page: what is due, every order, its papers, the law"),
    "serve": ("cli.commands.serve:serve", "the ledger over HTTP, for people and programs with their own keys"),
    "account": ("cli.app:account", "who may sign in to the office server, and how each person is known"),
    "guest": ("cli.app:guest", "people of offices without a ledger, who answer an order by a link"),
    "jobs": ("cli.app:jobs", "the regular work of a ledger: by command, and what became of the last runs"),
    "exchange": ("cli.app:exchange", "bundles to and from the ledgers of other offices, with receipts both ways"),
    "files": ("cli.app:files", "files that entries state, kept encrypted by an office server"),
    "remote": ("cli.app:remote", "the office servers that you ask, and under which trust"),
    "audit": ("cli.app:audit", "many ledgers in one report; check a log as an auditor and sign it"),
    "directory": ("cli.app:directory", "a signed directory of ledgers, and a log of their checkpoints"),
    "monitor": ("cli.commands.monitor:monitor", "follow other logs; alarm on forks, rollbacks, silence"),
    "succeed": ("cli.commands.succeed:succeed", "a log that takes the place of one that cannot go on"),
    "play": ("cli.commands.play:play", "make a ledger out of a story"),
    "man": ("cli.commands.man:man", "the manual page of a command, for man"),
    "completion": ("cli.app:completion", "completion for bash, zsh or fish"),
}

KEY = {
    "new": ("cli.commands.key:new", "make a key of your own; nothing is recorded"),
    "list": ("cli.commands.key:list_", "the keys of this ledger and what they may sign"),
    "enrol": ("cli.commands.key:enrol", "the registrar enters a key for an office"),
    "accept": ("cli.commands.key:accept", "the holder shows possession; from here on it may sign"),
    "person": ("cli.commands.key:person", "which person opens sealed values with a key; kept on this machine"),
    "rotate": ("cli.commands.key:rotate", "replace a key by the one committed to before"),
    "revoke": ("cli.commands.key:revoke", "a key may sign no more"),
    "rotate-log": ("cli.commands.log_key:rotate_log", "have a new key sign the checkpoints of this log"),
    "add-log": ("cli.commands.log_key:add_log", "have an ML-DSA-44 key sign the checkpoints of this log as well"),
    "compromised": ("cli.commands.key:compromised", "a key may have been in wrong hands since a moment"),
}

ACCOUNT = {
    "add": ("cli.commands.account:add", "make an account for a person at an office of the register"),
    "list": ("cli.commands.account:list_", "every account: the person, the office, how the person is known"),
    "code": ("cli.commands.account:code", "make a code with which the person registers a passkey"),
    "link": ("cli.commands.account:link", "a key, a certificate or a provider's subject is the person's"),
    "unlink": ("cli.commands.account:unlink", "remove a key, certificate, subject or passkey of a person"),
    "lock": ("cli.commands.account:lock", "the person can sign in no more; all sessions end"),
    "unlock": ("cli.commands.account:unlock", "the person can sign in again"),
    "sign-out": ("cli.commands.account:sign_out", "end all sessions of a person"),
    "remove": ("cli.commands.account:remove", "delete an account and all that is known of it"),
    "acts": ("cli.commands.account:acts", "what was done with accounts, by their ids"),
}

GUEST = {
    "invite": ("cli.commands.guest:invite", "make a link with which a person of another office answers an order"),
    "list": ("cli.commands.guest:list_", "the guests of an order, and the invitations to it"),
    "revoke": ("cli.commands.guest:revoke", "an invitation that is open is good no more"),
    "end": ("cli.commands.guest:end", "end the access of a guest at once"),
}

OFFICES = {"add": ("cli.commands.offices:add", "register what an address book (CSV) holds, all or none")}

ORDER = {
    "join": ("cli.commands.order:join", "list orders that may be one order, or confirm that two are"),
    "rename": ("cli.commands.order:rename", "give an order a name that is used in this ledger's folder alone"),
}

LAW = {
    "deadline": ("cli.commands.law_deadline:deadline", "one deadline explained step by step"),
    "diff": ("cli.commands.law_editions:diff", "what differs between two editions of the rules"),
}

WITNESS = {
    "new": ("cli.commands.witness:new", "make a witness: its key, and the memory that goes with it"),
    "serve": ("cli.commands.witness:serve", "cosign the heads that logs send, over HTTP"),
    "pull": ("cli.commands.witness:pull", "fetch the published heads of logs, and cosign them"),
    "evidence": ("cli.commands.witness:evidence", "what was refused, and whether it proves a split view"),
    "add": ("cli.commands.witnesses:add", "ask a witness from now on; the new policy is an entry"),
    "list": ("cli.commands.witnesses:list_", "the witnesses of this ledger, and what their quorum withstands"),
    "take": ("cli.commands.witnesses:take", "take cosignatures that came back as a file"),
}

MIRROR = {
    "new": ("cli.commands.mirror:new", "make a mirror: its keys, its memory, and room for entries"),
    "serve": ("cli.commands.mirror:serve", "store the entries that logs send, and show them, over HTTP"),
    "evidence": ("cli.commands.mirror:evidence", "what was refused, and whether it proves a split view"),
    "add": ("cli.commands.mirrors:add", "send the entries to a mirror from now on; the new policy is an entry"),
    "push": ("cli.commands.mirrors:push", "send each mirror the entries that it lacks"),
    "check": ("cli.commands.mirrors:check", "read what the mirrors show, and compare it with this log"),
}

AUDIT = {
    "new": ("cli.commands.audit_sign:new", "make an auditor's key, for the statement of this program"),
    "sign": ("cli.commands.audit_sign:sign", "check every new entry of a log, and sign that it was checked"),
    "add": ("cli.commands.auditors:add", "ask for an auditor's statements from now on; the new policy is an entry"),
    "list": ("cli.commands.auditors:list_", "the auditors of this ledger, and what each has checked"),
    "take": ("cli.commands.auditors:take", "take the notes that an auditor returned, and publish them"),
}

DIRECTORY = {
    "new": ("cli.commands.directory:new", "make a directory of ledgers, with its log key and guard"),
    "add": ("cli.commands.directory:add", "list a ledger, or change what is listed; signed by the registrar"),
    "take": ("cli.commands.directory:take", "take the newest checkpoint of each listed ledger, where it is new"),
    "show": ("cli.commands.directory:show", "the ledgers that a directory lists, and their newest checkpoints"),
    "prove": ("cli.commands.directory:prove", "the newest checkpoint of a ledger, with its proof"),
    "check": ("cli.commands.directory:check", "is this checkpoint in the directory, by this proof?"),
}

REMOTE = {
    "add": ("cli.commands.remote:add", "keep the trust folder under which the answers of a server are verified"),
    "list": ("cli.commands.remote:list_", "the office servers for which a trust folder is kept here"),
    "remove": ("cli.commands.remote:remove", "remove the trust folder that is kept for a server"),
}

STAMP = {
    "add": ("cli.commands.stamp:add", "ask a time-stamp authority from now on"),
    "list": ("cli.commands.stamp:list_", "every time stamp this ledger keeps, judged again"),
}

IMPORT = {
    "orders": ("cli.imports.orders:orders", "a table of many orders and their steps, CSV or JSON Lines"),
    "hi1": ("cli.imports.hi1:take", "an ETSI TS 103 120 (HI-1) message, JSON or XML"),
    "delivery": ("cli.imports.delivery:delivery", "delivery evidence of e-CODEX or registered mail (ETSI REM)"),
    "letters": ("cli.imports.letters:letters", "a folder of scanned letters"),
    "mail": ("cli.imports.mail:mail", "mails (.eml, .msg) as evidence of sending, of receipt, of another step"),
    "profile": ("cli.imports.intake.profile:profile", "draft the mapping profile of a table with one order a row"),
    "adopt": ("cli.imports.intake.profile:adopt", "keep a mapping profile in the ledger; an entry of the register"),
    "profiles": ("cli.imports.intake.profile:profiles", "the mapping profiles in force"),
}

JOBS = {
    "list": ("cli.commands.jobs:list_", "which jobs are on, when each succeeded last, and why one failed"),
    "run": ("cli.commands.jobs:run", "do one job now"),
    "calendar": ("cli.commands.jobs:calendar", "the secret address of a person's calendar, or its end"),
}

EXCHANGE = {
    "send": ("cli.commands.exchange:send", "make the bundle of an order for a peer, and hand it over"),
    "deliver": ("cli.commands.exchange:deliver_", "hand over what waits for peers, each after a growing wait"),
    "fetch": ("cli.commands.exchange:fetch_", "fetch what waits at peers, and send the receipts"),
    "list": ("cli.commands.exchange:list_", "what waits for peers, and what came from them"),
    "release": ("cli.commands.exchange:release", "record a bundle of the quarantine, signed by you"),
    "refuse": ("cli.commands.exchange:refuse", "refuse a bundle of the quarantine for good, and delete it"),
}

FILES = {
    "list": ("cli.commands.files:list_", "of which entries of an order a server keeps files"),
    "put": ("cli.commands.files:put", "send files that an entry of your office states"),
    "get": ("cli.commands.files:get", "fetch the files of an entry; recorded, with the reason"),
    "check": ("cli.commands.files:check", "every kept file has its object, every object its file"),
}

COUNTERPARTY = {
    "add": ("cli.commands.counterparty:add", "pin the keys of another office's log; an entry of the register"),
    "list": ("cli.commands.counterparty:list_", "the logs that are pinned, and the newest head seen of each"),
}

SUBJECT = {
    "find": ("cli.commands.subject:find", "the orders with something about a person, by an identifier; recorded"),
    "reindex": ("cli.commands.subject:reindex", "make the index of identifiers again"),
    "same": ("cli.commands.subject:same", "two names are one person"),
    "other": ("cli.commands.subject:other", "in one order a name means another person"),
}

SIGNER = {
    "serve": ("cli.commands.signer:serve", "sign checkpoints for a log, each proven to follow the last"),
    "use": ("cli.commands.signer:use", "have that process sign for this ledger from now on"),
}

TRUST = {
    "new": ("cli.commands.trust:new", "the next version, of what a trust folder says today"),
    "sign": ("cli.commands.trust:sign", "sign the newest version, as one of its roots"),
    "check": ("cli.commands.trust:check", "each version against the one before, the first against its fingerprint"),
    "update": ("cli.commands.trust:update", "take newer versions into the folder you hold"),
    "stick": ("cli.commands.trust:stick", "write the folder that a court is handed"),
}

LOG = {
    "commit": ("cli.commands.log_commit:commit", "commit the heads of all orders under one root"),
    "publish": ("cli.commands.log_publish:publish", "write tiles and entry bundles for those who may read"),
    "clock": (
        "cli.commands.log_clock:set_back",
        "go on at the true time, after a head was signed by a clock that was ahead",
    ),
    "move-guard": (
        "cli.commands.log_move_guard:move_guard",
        "keep the guard where several machines reach it, or back in a file",
    ),
    "remake-guard": (
        "cli.commands.log_remake_guard:remake_guard",
        "a lost guard, made again against a quorum of witnesses",
    ),
}
