"""Run the office server over one open ledger, until the process is asked to end."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from socket import socket
from threading import current_thread, main_thread

from cryptography.x509 import load_pem_x509_certificates
from msgspec import Struct
from starlette.routing import Route

from ledger.adapters import http_server
from ledger.adapters.http_server import Server, Tls
from ledger.application.journal import Journal
from ledger.errors import RecordError
from server.access import Caller, as_guest
from server.api.answers import open_answers
from server.api.application import LARGEST_HEAD, PATIENCE, Application, Gates, problem, problem_for
from server.api.bundles import Bundles
from server.api.drafts import Drafting
from server.api.events import Listeners
from server.api.idempotency import AnswerStore
from server.api.reading import LedgerView
from server.api.recording import LogHead, Recording, SequencerRecorder
from server.api.routes import Services
from server.desk.file_pages import FilePages
from server.desk.gate import Gate
from server.desk.guests.pages import GuestPages
from server.desk.guests.requester_pages import RequesterPages
from server.desk.intake.pages import IntakePages
from server.desk.key_pages import KeyPages
from server.desk.pages import Desk
from server.exchange.endpoint import ExchangeEndpoint, ExchangeGates
from server.exchange.peers import Peer
from server.exchange.reception import Reception
from server.exchange.store import ExchangeStore
from server.files.endpoint import FileEndpoint, FileGates
from server.files.keeping import Keeping
from server.files.links import open_links
from server.files.opening import Files
from server.files.places import open_place
from server.files.record import FileRecord
from server.files.settings import FileSettings
from server.files.tidying import Tidying
from server.guests.invitations import Invitations
from server.guests.policies import RequesterPolicies
from server.identity.accounts import Account, Accounts
from server.identity.callers import Callers, Peers
from server.identity.database import open_database
from server.identity.key_requests import KeyRequests
from server.identity.oidc import OpenId, Provider
from server.identity.requests import RateLimit, SignatureGate
from server.identity.sessions import Sessions, Spent, server_secret
from server.identity.sign_in import SignIn
from server.identity.tickets import Tickets
from server.jobs.feed import calendar_route
from server.jobs.settings import JobSettings
from server.jobs.timer import JobCollector, JobTimer
from server.operations.metrics import Metrics
from server.operations.observed import Observed
from server.operations.readiness import LEAST_FREE, Readiness
from server.operations.request_log import log_exchange
from server.operations.service_manager import ALIVE, READY, notify
from server.signing.origin import SigningOrigin, SigningPage
from server.work.office import OfficeWork
from server.work.store import WorkStore

MOST_AT_ONCE = 256  # connections
GRACE = 10  # seconds for running requests after the signal to end


class Settings(Struct, frozen=True):
    """How a server runs: the base URLs under which clients reach it, and its limits.

    `rate` is the number of requests a second of each sender, `within` for how many seconds the log may be unable to
    sign before the server is not healthy. `drain` is for how many seconds after the signal to end it still takes
    requests and is not ready, `least_free` the number of bytes that its disks need. `log_requests` says whether
    each request is logged. `proxies` are the proxies in front, `provider` signs people in. With `peers` it exchanges
    bundles, with `jobs` it does those by timers that the file `config` switches on. `signing` is the origin of the
    signing page, empty without one, and `signing_page` its bytes. `hashing` is the script that hashes files in a
    browser, empty if it was not built. `files` says where the files that entries state are kept; None: nowhere.
    """

    bases: tuple[str, ...]
    tls: Tls | None = None
    rate: float = 100.0
    within: float = 10.0
    patience: float = PATIENCE
    drain: float = 0.0
    least_free: int = LEAST_FREE
    log_requests: bool = False
    proxies: Peers = Peers()
    provider: Provider | None = None
    peers: tuple[Peer, ...] = ()
    jobs: Mapping[str, JobSettings] = {}
    config: Path = Path()
    signing: str = ""
    signing_page: bytes = b""
    hashing: bytes = b""
    files: FileSettings | None = None


class OfficeServer:
    """The server of one journal, which is open for writing and used by nothing else meanwhile."""

    def __init__(self, journal: Journal, settings: Settings) -> None:
        with ExitStack() as opened:
            head = opened.enter_context(closing(LogHead(journal, partial(notify, ALIVE))))
            view = opened.enter_context(closing(LedgerView(journal.folder, lambda: head.current, journal.now)))
            self.view = view
            answers = opened.enter_context(closing(AnswerStore(open_answers(journal.folder))))
            recorder = opened.enter_context(closing(SequencerRecorder(journal)))
            metrics = self.metrics = Metrics(head.state, _certificate_ends(settings.tls))
            folders = (
                journal.folder.path,
                journal.home.log(journal.origin),
            )  # the second only where the guard is a file
            readiness = Readiness(
                head.health,
                view.size,
                lambda: self.server.ending,
                [each for each in folders if each.exists()],
                settings.within,
                settings.least_free,
            )
            identities = opened.enter_context(closing(open_database(journal.folder)))
            self.accounts, spent = Accounts(identities), Spent(identities)
            self.sessions = Sessions(identities, self.accounts)
            openid = OpenId(settings.provider) if settings.provider else None
            tickets = Tickets(server_secret(identities), spent.spend)
            sign_in = self.sign_in = SignIn(self.accounts, self.sessions, tickets, openid)
            self.key_requests = KeyRequests(identities, self.accounts, journal.origin)
            invitations = self.invitations = Invitations(identities, self.accounts)
            recording = Recording(view, recorder, head, metrics.appended)
            bundles = Bundles(view, partial(Journal.open, journal.folder.path, journal.home, now=journal.now))
            files = self.files = (
                opened.enter_context(_files(journal, view, head, settings.files)) if settings.files else None
            )
            services = Services(
                view, recording, Drafting(view, recording), head, settings.within, readiness.check, sign_in,
                self.key_requests, bundles, self.invitations, RequesterPolicies(identities, self.accounts), files,
            )  # fmt: skip
            bases = {base.partition("://")[2]: base for base in settings.bases}

            def by_account(account: Account, keys: frozenset[str]) -> Caller:
                if invitations.is_guest(account.id):
                    return view.keyring.guest(account.id, account.office, keys)
                return view.keyring.person(account.id, account.office, account.roles, keys)

            def by_key(key: str) -> Caller:
                caller, guest = view.keyring.caller(key), invitations.of_key(key)
                if guest is not None and guest.locked:
                    raise RecordError("API-DENIED", "the access of this guest has ended")
                return caller if guest is None else as_guest(caller)

            rate = RateLimit(settings.rate)
            callers = Callers(
                SignatureGate(view.keyring.knows, spent.spend), rate, self.accounts, self.sessions,
                settings.proxies, by_key, by_account,
            )  # fmt: skip
            gates = Gates(bases, callers, rate, answers)
            listeners = Listeners(view, head, lambda: self.server.should_exit)
            more = opened.enter_context(_exchange(journal, gates, spent, settings)) if settings.peers else []
            gate = Gate(services, callers, bases, test=journal.folder.test, signing=settings.signing)
            if files is not None:
                more += FileEndpoint(files, FileGates(bases, callers, problem_for, settings.patience)).routes()
            self.work = OfficeWork(WorkStore(identities), self.accounts, view)
            desk = Desk(gate, self.work, journal.home.log(journal.origin))
            more = [
                *more,
                *KeyPages(gate).routes(),
                *GuestPages(gate, desk.lines).routes(),
                *RequesterPages(gate).routes(),
                *FilePages(gate, settings.hashing).routes(),
                *IntakePages(gate, Path(journal.folder.path)).routes(),
                *desk.routes(),
            ]
            if "calendar" in settings.jobs:
                more = [*more, calendar_route(journal.folder.path, callers.spend_unknown, problem)]
            app = Application(services, gates, listeners, patience=settings.patience, more=more).asgi()
            if settings.signing_page:
                page = SigningPage(settings.signing_page, settings.signing)
                app = SigningOrigin(app, page, callers.spend_unknown, problem)
            self.app = Observed(app, (metrics.observe, *((log_exchange,) if settings.log_requests else ())))
            self.server: Server = http_server.server(
                self.app,
                most_at_once=MOST_AT_ONCE,
                largest_head=LARGEST_HEAD,
                grace=GRACE,
                patience=settings.patience,
                tls=settings.tls,
                linger=settings.drain,
            )
            head.follow()  # what a crash left is acknowledged, and the log can be signed
            head.start()
            opened.enter_context(closing(desk.keeper)).start()
            if settings.jobs:
                metrics.registry.register(JobCollector(journal.folder.path, settings.jobs))
                timer = opened.enter_context(closing(JobTimer(journal.folder, settings.config, settings.jobs)))
                timer.start()
            self._opened = opened.pop_all()

    def close(self) -> None:
        """Answer what was taken, and close the files; the journal stays open."""
        self._opened.close()

    def run(self, listening: socket, ready: Callable[[], None] = lambda: None) -> None:
        """Serve until the process gets SIGTERM or SIGINT, or `server.should_exit` is set."""
        with _ended_by_signals(self.server):
            ready()
            notify(READY)
            self.server.run(sockets=[listening])


@contextmanager
def _exchange(journal: Journal, gates: Gates, spent: Spent, settings: Settings) -> Iterator[list[Route]]:
    """Yield the routes of the exchange. It opens the ledger anew for each bundle, as another process would."""
    opened = partial(Journal.open, journal.folder.path, journal.home, now=journal.now)
    with closing(ExchangeStore(journal.folder.path)) as store:
        checks = ExchangeGates(
            gates.bases, SignatureGate(lambda key: True, spent.spend), gates.rate, gates.callers.spend_unknown,
            problem, settings.patience,
        )  # fmt: skip
        yield ExchangeEndpoint(Reception(opened, settings.peers, store), checks, opened).routes()


@contextmanager
def _files(journal: Journal, view: LedgerView, head: LogHead, settings: FileSettings) -> Iterator[Files]:
    """Yield the kept files of a ledger. The ledger is opened anew for each access entry, as another process would."""
    place = open_place(settings, journal.origin)
    with closing(FileRecord(journal.folder)) as record, closing(open_links(journal.folder)) as links:
        links.state_place(settings.stated)
        keeping = Keeping(record, links, place, settings, view.access)
        opened = partial(Journal.open, journal.folder.path, journal.home, now=journal.now)
        with closing(Tidying(keeping)):
            yield Files(view, keeping, opened, head.advance)


def _certificate_ends(tls: Tls | None) -> float | None:
    """Return when the first certificate of a chain that ends, ends: seconds since 1970; None without TLS."""
    if tls is None:
        return None
    try:
        chain = load_pem_x509_certificates(Path(tls.certificate).read_bytes())
    except ValueError:
        raise OSError("no certificate in PEM") from None
    return min(each.not_valid_after_utc.timestamp() for each in chain)


@contextmanager
def _ended_by_signals(server: Server) -> Iterator[None]:
    """Let a signal end the server, also before it runs, and not the process: uvicorn raises it again at the end.

    The handler raises no exception: in the middle of an import, that would leave a lock on which other threads wait.
    """
    if current_thread() is not main_thread():
        yield
        return

    before = {number: signal.signal(number, server.handle_exit) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
