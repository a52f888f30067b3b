"""`comity serve`: serve one ledger over HTTP, to people and programs that sign with their own keys."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from cli.click_extensions import command
from cli.exit_codes import Exit, Stop
from cli.serving.addresses import base_url, inherited_socket, is_loopback, listening_address
from cli.serving.signing_page import built_page, check_apart, published
from cli.session import ledger_choice
from cli.session.ledger_reader import reading
from cli.session.open_ledger import writing
from cli.shipped_files import shipped
from cli.terminal import output
from cli.terminal.log_output import VERBOSE

if TYPE_CHECKING:
    from server.operations.metrics import Metrics

NEEDED = ("starlette", "uvicorn", "http_message_signatures", "httpx", "prometheus_client", "fido2", "jwt")


PEERS, ON, CONFIG, KEPT = (
    "comity.peers",
    "comity.jobs",
    "comity.config",
    "comity.files",
)  # what the context keeps of the file


def _names(context: click.Context) -> dict[str, str]:
    """Return the name of each option without its dashes -> the name of its parameter."""
    return {option.removeprefix("--"): str(param.name) for param in context.command.params for option in param.opts}


def _configured(context: click.Context, _: click.Parameter, path: str | None) -> str | None:
    """Take what a file states as the defaults of the other options."""
    if path is None:
        return None
    from server.exchange.peers import peers_of
    from server.files.settings import file_settings
    from server.jobs.settings import TABLES, settings_of
    from server.jobs.table import JOBS
    from server.operations.configuration import read_configuration, read_table

    try:
        stated = read_configuration(Path(path))
        context.meta[PEERS] = peers_of(read_table(Path(path), "peers"))
        settings = settings_of({name: read_table(Path(path), name) for name in TABLES}, tuple(JOBS))
        context.meta[ON] = {name: each for name, each in settings.jobs.items() if each.on}
        context.meta[KEPT] = file_settings(read_table(Path(path), "files"))
        context.meta[CONFIG] = Path(path).absolute()
    except (ValueError, RecursionError, OSError) as wrong:  # TOML and msgspec errors are ValueErrors
        says = wrong.strerror if isinstance(wrong, OSError) else str(wrong)
        raise Stop(f"--config {path}: {says}") from None
    names = _names(context)
    context.default_map = {names[name]: value for name, value in stated.items()}
    return path


@command(
    "comity serve --ledger karsk",
    "comity serve --listen 127.0.0.1:7400",
    "comity serve --listen 0.0.0.0:443 --tls-cert office.pem --tls-key office.key --url https://office.example",
    "comity serve --behind-proxy --listen 10.0.0.2:7400 --url https://office.example",
)
@click.option(
    "--config",
    metavar="FILE",
    is_eager=True,
    callback=_configured,
    expose_value=False,
    help="The other options, TOML; those given here win.",
)
@click.option("--check", is_flag=True, help="Print what would be used, and where it is from; serve nothing.")
@click.option("--health", is_flag=True, help="Ask the server that runs with these options for /health; serve nothing.")
@click.option("--listen", default="127.0.0.1:7400", show_default=True, metavar="HOST:PORT", help="Where it listens.")
@click.option(
    "--fd", type=click.IntRange(0), metavar="N", help="A socket that the service manager opened: no --listen."
)
@click.option("--url", "urls", multiple=True, metavar="URL", help="The address that clients use; repeatable.")
@click.option(
    "--tls-cert",
    envvar="COMITY_TLS_CERT",
    show_envvar=True,
    metavar="FILE",
    help="The certificate with its chain, PEM.",
)
@click.option("--tls-key", envvar="COMITY_TLS_KEY", show_envvar=True, metavar="FILE", help="Its private key, PEM.")
@click.option("--client-ca", metavar="FILE", help="Who issues client certificates, PEM; clients may have none.")
@click.option("--behind-proxy", is_flag=True, help="A proxy in front speaks TLS.")
@click.option(
    "--proxy",
    "proxies",
    multiple=True,
    metavar="ADDRESS",
    help="A proxy whose X-Forwarded-For and Client-Cert are believed; repeatable.",
)
@click.option("--oidc-issuer", metavar="URL", help="The OpenID Connect provider by which people sign in.")
@click.option("--oidc-client", metavar="ID", help="The id of this server there.")
@click.option(
    "--oidc-secret",
    envvar="COMITY_OIDC_SECRET",
    show_envvar=True,
    metavar="FILE",
    help="A file with its secret there.",
)
@click.option(
    "--rate", type=click.FloatRange(1), default=100.0, show_default=True, help="Requests a second of each key."
)
@click.option(
    "--within",
    type=click.FloatRange(1),
    default=10.0,
    show_default=True,
    help="/health answers 503 after so many seconds without a signature.",
)
@click.option(
    "--drain",
    type=click.FloatRange(0),
    default=0.0,
    show_default=True,
    help="So many seconds before it ends, /ready answers 503.",
)
@click.option("--signing", metavar="URL", help="The address of the signing page: a host name that is not one of --url.")
@click.option("--metrics", metavar="HOST:PORT", help="Serve metrics for Prometheus here, on this machine alone.")
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="text: warnings; json: also each request.",
)
@VERBOSE
def serve(
    check: bool,
    health: bool,
    listen: str,
    fd: int | None,
    urls: tuple[str, ...],
    tls_cert: str | None,
    tls_key: str | None,
    client_ca: str | None,
    behind_proxy: bool,
    proxies: tuple[str, ...],
    oidc_issuer: str | None,
    oidc_client: str | None,
    oidc_secret: str | None,
    rate: float,
    within: float,
    drain: float,
    signing: str | None,
    metrics: str | None,
    log_format: str,
) -> None:
    """Serve the ledger over HTTP until SIGTERM or Ctrl-C: reading, recording, new entries as they come.

    Every request is signed by a key of the register (RFC 9421), and every entry by the key of its signer, which this
    process never has. It prints READY and its URL when the log can be signed. The API is described at /openapi.json.
    """
    given_listen = click.get_current_context().get_parameter_source("listen") is ParameterSource.COMMANDLINE
    if fd is not None and given_listen:
        raise click.UsageError("--fd and --listen exclude each other")
    inherited = None if fd is None or check or health else inherited_socket(fd)
    host, port = listening_address(listen) if inherited is None else inherited.getsockname()[:2]
    if (tls_cert is None) != (tls_key is None):
        raise click.UsageError("--tls-cert and --tls-key go together")
    if client_ca is not None and tls_cert is None:
        raise click.UsageError("--client-ca needs --tls-cert; behind a proxy, the proxy asks for certificates")
    stated = (oidc_issuer, oidc_client, oidc_secret)
    if any(stated) and not all(stated):
        raise click.UsageError("--oidc-issuer, --oidc-client and --oidc-secret go together")
    if tls_cert is None and not behind_proxy and not is_loopback(host):
        hint = "--tls-cert and --tls-key, or --behind-proxy where a proxy speaks TLS"
        raise Stop(f"{host} can be reached from other machines, and nothing would be encrypted", hint=hint)
    watched = None if metrics is None else listening_address(metrics)
    if watched is not None and not is_loopback(watched[0]):
        raise Stop(f"--metrics {metrics}: metrics are served on this machine alone", hint="--metrics 127.0.0.1:9464")
    if health:
        _ask_health(host, port, hidden=tls_cert is not None)
        return
    given = tuple(base_url(url) for url in urls)
    origin = "" if signing is None else base_url(signing, "--signing https://sign.office.example")
    page = built_page(origin, given)
    if check:
        _print_options(click.get_current_context())
        if origin and ledger_choice.has_ledger():
            with reading() as reader:
                click.echo("\n".join(f"# {line}" for line in published(reader.cases, page, origin)))
        return
    try:
        from ledger.adapters.http_server import Tls, authority
        from ledger.adapters.http_server import listen as bind
        from server.identity.callers import Peers
        from server.identity.oidc import Provider, is_safe
        from server.operations.request_log import json_logs
        from server.run import OfficeServer, Settings
    except ModuleNotFoundError as absent:
        if absent.name not in NEEDED:
            raise
        raise Stop(f"serving needs {absent.name}", hint="pip install 'comity[server]'") from None
    try:
        from_proxies = Peers.of(proxies, hidden=behind_proxy)
    except ValueError as wrong:
        raise Stop(f"--proxy: {wrong}", hint="an address or a network: --proxy 10.0.0.1") from None
    provider = None
    if oidc_issuer and oidc_client and oidc_secret:
        if not is_safe(oidc_issuer):
            raise Stop(f"--oidc-issuer {oidc_issuer}: a provider is asked over HTTPS")
        provider = Provider(oidc_issuer, oidc_client, _secret(oidc_secret))
    tls = None if tls_cert is None or tls_key is None else Tls(tls_cert, tls_key, client_ca or "")
    try:
        listening = inherited or bind(host, port)
    except OSError as error:
        raise Stop(f"{listen}: {error.strerror}", hint="--listen 127.0.0.1:0 takes a free port") from None
    file = click.get_current_context().meta
    logs = json_logs(sys.stderr) if log_format == "json" else nullcontext()
    with logs, closing(listening), writing() as journal:
        scheme = "http" if tls is None else "https"
        own = f"{scheme}://{authority(host, listening.getsockname()[1])}"
        check_apart(origin, (own,))
        settings = Settings(
            *((own, *given), tls, rate, within),
            drain=drain,
            log_requests=log_format == "json",
            peers=file.get(PEERS, ()),
            jobs=file.get(ON, {}),
            config=file.get(CONFIG, Path()),
            proxies=from_proxies,
            provider=provider,
            signing=origin,
            signing_page=page,
            hashing=_built("browser/hashing.js"),
            files=file.get(KEPT),
        )
        try:
            made = OfficeServer(journal, settings)
        except OSError as error:  # of the certificate or its key: uvicorn reads them when it starts
            files = ", ".join(dict.fromkeys(each for each in (tls_cert, tls_key, client_ca) if each))
            raise Stop(f"{files}: {error.strerror or error}", code=Exit.UNDECIDABLE) from None
        if origin:
            output.tell_lines(published(journal.cases, page, origin))
        with closing(made), _watched(made.metrics, watched):
            made.run(listening, lambda: click.echo(f"READY {own}"))
    output.tell("stopped; every answered request is on record")


def _ask_health(host: str, port: int, *, hidden: bool) -> None:
    """Print what the server at an address of this machine says of its health; `Stop` if it is not healthy."""
    from server.operations.health_question import ask_health

    try:
        status, answer = ask_health(host, port, hidden=hidden)
    except OSError as error:
        raise Stop(f"{host}:{port}: {error.strerror or error}", code=Exit.PROVED_BAD) from None
    if status != 200:
        raise Stop(f"{host}:{port} is not healthy: {answer or status}", code=Exit.PROVED_BAD)
    click.echo(answer)


def _print_options(context: click.Context) -> None:
    """Print the value of each option as a configuration file has it, and where it is from."""
    from server.jobs.table import JOBS
    from server.operations.configuration import NAMES

    names = _names(context)
    sources: dict[ParameterSource | None, str] = {
        ParameterSource.COMMANDLINE: "the command line",
        ParameterSource.ENVIRONMENT: "the environment",
        ParameterSource.DEFAULT_MAP: "the file",
    }
    for name in NAMES:
        value = context.params[names[name]]
        if value is None:
            click.echo(f"# {name} is not set")
        else:
            source = context.get_parameter_source(names[name])
            shown = list(value) if isinstance(value, tuple) else value
            click.echo(f"{name} = {json.dumps(shown)}  # {sources.get(source, 'the default')}")
    for name, job in context.meta.get(ON, {}).items():
        click.echo(f"# job {name} every {job.every or JOBS[name].every} s")
    if files := context.meta.get(KEPT):
        click.echo(f"# files are kept in {files.where}: {files.largest_gib:g} GiB each, {files.quota_gib:g} GiB in all")
    for peer in context.meta.get(PEERS, ()):
        click.echo(f"# peer {peer.name}: {peer.origin}, {peer.url or 'fetches its bundles'}")


@contextmanager
def _watched(metrics: Metrics, address: tuple[str, int] | None) -> Iterator[None]:
    """Serve the metrics at an address until the block ends; None: nowhere."""
    if address is None:
        yield
        return
    from ledger.adapters.http_server import authority

    try:
        port, end = metrics.serve(*address)
    except OSError as error:
        raise Stop(f"--metrics {authority(*address)}: {error.strerror}") from None
    try:
        output.tell(f"metrics at http://{authority(address[0], port)}/metrics")
        yield
    finally:
        end()


def _secret(path: str) -> str:
    """Return the secret in a file; `Stop` if there is none."""
    try:
        text = Path(path).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as wrong:
        raise Stop(f"--oidc-secret {path}: {getattr(wrong, 'strerror', None) or 'no text'}") from None
    if not text:
        raise Stop(f"--oidc-secret {path}: the file is empty")
    return text


def _built(path: str) -> bytes:
    """Return a shipped file that is built, empty if it was not."""
    file = shipped(path)
    return file.read_bytes() if file.is_file() else b""
