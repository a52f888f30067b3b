"""What `serve` hands to the server, and what it refuses before it listens."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("starlette", reason="needs the extra `server`")
pytest.importorskip("http_message_signatures", reason="needs the extra `server`")

from cli.commands import serve
from cli.exit_codes import Exit, Stop
from tests.support.cli import ledger_of, run


class Served:
    """A server that ends at once."""

    made: Any = None

    def __init__(self, journal: Any, settings: Any) -> None:
        self.settings, self.metrics, self.done = settings, Metrics(), list[Any]()
        type(self).made = self

    def run(self, listening: socket.socket, ready: Any) -> None:
        self.done.append(listening.getsockname())
        ready()
        self.port = listening.getsockname()[1]

    def close(self) -> None:
        self.done.append("closed")


class Metrics:
    """Metrics that are served nowhere."""

    ended = 0

    def serve(self, host: str, port: int) -> tuple[int, Any]:
        def end() -> None:
            Metrics.ended += 1

        return 9999, end


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ledger_of("S2", tmp_path_factory.mktemp("served"))


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> type[Served]:
    monkeypatch.setattr("server.run.OfficeServer", Served)
    monkeypatch.setattr(Served, "made", None)
    monkeypatch.setattr(Metrics, "ended", 0)
    return Served


def test_a_server_says_when_it_is_ready_and_when_it_stopped(ledger: Path, served: type[Served]) -> None:
    done = run("serve", "--listen", "127.0.0.1:0", ledger=ledger)
    assert done.exit_code == Exit.DONE, done.output
    made = served.made
    assert done.stdout == f"READY http://127.0.0.1:{made.port}\n"
    assert done.stderr == "stopped; every answered request is on record\n"
    assert made.done == [("127.0.0.1", made.port), "closed"]
    settings = made.settings
    assert settings.bases == (f"http://127.0.0.1:{made.port}",)
    assert (settings.tls, settings.rate, settings.within, settings.drain) == (None, 100.0, 10.0, 0.0)
    assert (settings.log_requests, settings.peers, settings.jobs, settings.config) == (False, (), {}, Path())
    assert (settings.provider, settings.signing, settings.files, Metrics.ended) == (None, "", None, 0)


def test_each_option_reaches_the_server(ledger: Path, served: type[Served], tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("  geheim \n", "utf-8")
    words = (
        *("--url", "https://Office.example", "--url", "https://two.example", "--rate", "5", "--within", "7"),
        *("--drain", "3", "--log-format", "json", "--behind-proxy", "--metrics", "127.0.0.1:9464"),
        *("--oidc-issuer", "https://l.example", "--oidc-client", "c", "--oidc-secret", str(secret)),
    )
    done = run("serve", "--listen", "127.0.0.1:0", *words, ledger=ledger)
    assert done.exit_code == Exit.DONE, done.output
    settings = served.made.settings
    assert settings.bases[1:] == ("https://office.example", "https://two.example")
    assert (settings.rate, settings.within, settings.drain, settings.log_requests) == (5.0, 7.0, 3.0, True)
    provider = settings.provider
    assert (provider.issuer, provider.client, provider.secret) == ("https://l.example", "c", "geheim")
    assert "metrics at http://127.0.0.1:9999/metrics" in done.stderr
    assert Metrics.ended == 1


def test_a_socket_of_the_service_manager_is_used_as_it_is(
    ledger: Path, served: type[Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    own = socket.socket()
    own.bind(("127.0.0.1", 0))
    monkeypatch.setattr(serve, "inherited_socket", lambda fd: own if fd == 3 else None)
    port = own.getsockname()[1]
    done = run("serve", "--fd", "3", ledger=ledger)
    assert done.stdout == f"READY http://127.0.0.1:{port}\n"
    both = run("serve", "--fd", "3", "--listen", "127.0.0.1:0", ledger=ledger)
    assert (both.exit_code, "--fd and --listen exclude each other" in both.stderr) == (Exit.USAGE, True)
    monkeypatch.setattr(serve, "inherited_socket", lambda fd: pytest.fail("it was taken over"))
    assert run("serve", "--fd", "3", "--check", ledger=ledger).exit_code == Exit.DONE
    asked: list[Any] = []
    monkeypatch.setattr(serve, "_ask_health", lambda *said, hidden: asked.append((*said, hidden)))
    assert run("serve", "--fd", "3", "--health", ledger=ledger).stdout == ""
    assert asked == [("127.0.0.1", 7400, False)]


def test_a_certificate_that_cannot_be_read_is_named_with_its_reason(
    ledger: Path, served: type[Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(self: Any, journal: Any, settings: Any) -> None:
        tls = settings.tls
        assert (tls.certificate, tls.key, tls.clients) == ("c.pem", "c.key", "ca.pem")
        raise OSError(2, "No such file or directory")

    monkeypatch.setattr(Served, "__init__", fails)
    words = ("--tls-cert", "c.pem", "--tls-key", "c.key", "--client-ca", "ca.pem")
    done = run("serve", "--listen", "127.0.0.1:0", *words, ledger=ledger)
    assert (done.exit_code, done.stdout) == (Exit.UNDECIDABLE, "")
    assert "comity: c.pem, c.key, ca.pem: No such file or directory" in done.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--tls-key", "a"), "--tls-cert and --tls-key go together"),
        (("--client-ca", "a"), "--client-ca needs --tls-cert; behind a proxy, the proxy asks for certificates"),
        (("--oidc-client", "c"), "--oidc-issuer, --oidc-client and --oidc-secret go together"),
        (("--oidc-issuer", "https://l.example", "--oidc-secret", "x"), "--oidc-secret go together"),
        (("--listen", "0.0.0.0:0"), "hint: --tls-cert and --tls-key, or --behind-proxy where a proxy speaks TLS"),
        (("--metrics", "192.0.2.1:9464"), "hint: --metrics 127.0.0.1:9464"),
        (("--proxy", "nowhere"), "hint: an address or a network: --proxy 10.0.0.1"),
    ],
)
def test_what_does_not_fit_is_refused(words: tuple[str, ...], says: str, ledger: Path, served: type[Served]) -> None:
    done = run("serve", *words, ledger=ledger)
    assert (done.exit_code, says in " ".join(done.stderr.split())) == (Exit.USAGE, True), done.stderr
    assert served.made is None


@pytest.mark.parametrize("words", [("--behind-proxy",), ("--tls-cert", "c", "--tls-key", "k")])
def test_what_others_can_reach_is_encrypted_by_the_server_or_a_proxy(words: tuple[str, ...], ledger: Path) -> None:
    assert run("serve", "--listen", "0.0.0.0:0", *words, "--check", ledger=ledger).exit_code == Exit.DONE


def test_a_secret_is_the_text_of_its_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(" a b \n", "utf-8")
    assert serve._secret(str(file)) == "a b"
    for content, says in ((b" \n", "the file is empty"), (b"\xff", "no text")):
        file.write_bytes(content)
        with pytest.raises(Stop, match=f"--oidc-secret {file}: {says}"):
            serve._secret(str(file))
    with pytest.raises(Stop, match="No such file or directory"):
        serve._secret(str(tmp_path / "gone"))


def test_a_part_that_was_not_built_is_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "shipped", lambda path: tmp_path / path)
    assert serve._built("hashing.js") == b""
    (tmp_path / "hashing.js").write_bytes(b"js")
    assert serve._built("hashing.js") == b"js"


def test_metrics_that_cannot_be_served_say_why() -> None:
    def fails(host: str, port: int) -> Any:
        raise OSError(98, "Address already in use")

    taken: Any = SimpleNamespace(serve=fails)
    says = r"--metrics 127\.0\.0\.1:9464: Address already in use"
    with pytest.raises(Stop, match=says), serve._watched(taken, ("127.0.0.1", 9464)):
        pass
    with serve._watched(taken, None):
        pass


def test_a_configuration_reaches_the_server_with_jobs_peers_and_files(
    ledger: Path, served: type[Served], tmp_path: Path
) -> None:
    file = tmp_path / "serve.toml"
    file.write_text('listen = "127.0.0.1:0"\nrate = 9\n[jobs.lapse]\nevery = 60\n', "utf-8")
    done = run("serve", "--config", str(file), ledger=ledger)
    if done.exit_code != Exit.DONE:
        pytest.fail(done.output)
    settings = served.made.settings
    assert (settings.rate, settings.config) == (9.0, file.absolute())
    assert [(name, job.every) for name, job in settings.jobs.items() if name == "lapse"] == [("lapse", 60)]


@pytest.mark.parametrize(("absent", "extra"), [*((name, True) for name in sorted(serve.NEEDED)), ("other", False)])
def test_only_what_the_extra_brings_is_asked_for_by_its_name(
    absent: str, extra: bool, ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Finder:
        @staticmethod
        def find_spec(name: str, *_: Any) -> None:
            if name == "server.run":
                raise ModuleNotFoundError(f"No module named {absent!r}", name=absent)

    monkeypatch.delitem(sys.modules, "server.run", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Finder, *sys.meta_path])
    done = run("serve", "--listen", "127.0.0.1:0", ledger=ledger)
    assert (f"serving needs {absent}" in done.stderr) is extra
    assert done.exit_code == (Exit.USAGE if extra else Exit.UNFORESEEN)


@pytest.mark.parametrize("signing", [(), ("--signing", "https://sign.office.example")])
def test_a_check_says_what_the_register_states_of_a_signing_page_if_there_is_one(
    signing: tuple[str, ...], ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "built_page", lambda origin, given: b"")
    monkeypatch.setattr(serve, "published", lambda cases, page, origin: [f"published at {origin}", "twice"])
    done = run("serve", "--listen", "127.0.0.1:0", *signing, "--check", ledger=ledger)
    assert done.exit_code == Exit.DONE
    stated = [line for line in done.stdout.splitlines() if "published" in line or line == "# twice"]
    assert stated == (["# published at https://sign.office.example", "# twice"] if signing else [])
