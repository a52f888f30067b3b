"""`comity serve` says when it is ready, ends well when it is asked to, and does not listen in the open without TLS."""

from __future__ import annotations

import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="needs the extra `server`")
pytest.importorskip("http_message_signatures", reason="needs the extra `server`")

from tests.support.cli import ledger_of, run


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ledger_of("S2", tmp_path_factory.mktemp("served"))


@contextmanager
def served(ledger: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the command until the block ends; yield the process and the URL that it prints."""
    program = Path(sys.executable).with_name("comity")
    command = [str(program), "serve", "--listen", "127.0.0.1:0", "--ledger", str(ledger), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        word, _, url = process.stdout.readline().strip().partition(" ")
        assert word == "READY"
        try:
            yield process, url
        finally:
            process.kill()


def certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for 127.0.0.1 with openssl."""
    paths = folder / "office.pem", folder / "office.key"
    made = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
    named = ("-subj", "/CN=office", "-addext", "subjectAltName=IP:127.0.0.1")
    subprocess.run(
        ["openssl", *made, *named, "-out", str(paths[0]), "-keyout", str(paths[1])], check=True, capture_output=True
    )
    return paths


def health_of(*options: str) -> subprocess.CompletedProcess[str]:
    """Run the question for the health of a server."""
    program = Path(sys.executable).with_name("comity")
    command = [str(program), "serve", "--health", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.slow
def test_health_is_asked_of_the_server_with_the_same_options_also_over_tls(ledger: Path, tmp_path: Path) -> None:
    pem, key = certificate(tmp_path)
    tls = ("--tls-cert", str(pem), "--tls-key", str(key))
    with served(ledger, *tls) as (process, url):
        listen = ("--listen", url.partition("//")[2])
        (healthy, plain) = (health_of(*listen, *tls), health_of(*listen))
        assert (healthy.returncode, json.loads(healthy.stdout)["ok"]) == (0, True)
        assert (plain.returncode, plain.stdout) == (1, ""), "over HTTP, a server that speaks TLS is not healthy"
        process.kill()
        process.wait()
        gone = health_of(*listen, *tls)
        assert (gone.returncode, gone.stdout) == (1, "")
        assert "Connection refused" in gone.stderr


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_server_that_is_asked_to_end_ends_well(ledger: Path, number: signal.Signals) -> None:
    with served(ledger) as (process, url):
        connection = http.client.HTTPConnection(url.partition("//")[2], timeout=10)
        connection.request("GET", "/health")
        assert connection.getresponse().read().startswith(b'{"format":"comity.api-health/1","ok":true')
        connection.close()
        process.send_signal(number)
        _, errors = process.communicate(timeout=30)
        assert (process.returncode, errors) == (0, "stopped; every answered request is on record\n")


def asked(url: str, path: str) -> tuple[int, bytes]:
    """Return status and body of the answer to one request."""
    connection = http.client.HTTPConnection(url.partition("//")[2], timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.slow
def test_a_server_that_drains_is_not_ready_and_still_answers_until_a_second_signal(ledger: Path) -> None:
    with served(ledger, "--drain", "60") as (process, url):
        assert asked(url, "/ready")[0] == 200
        process.send_signal(signal.SIGTERM)
        for _ in range(100):
            status, body = asked(url, "/ready")
            if status != 200:
                break
            time.sleep(0.1)
        assert (status, b"the server ends" in body) == (503, True)
        assert asked(url, "/health")[0] == asked(url, "/v1/head")[0] == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0


@pytest.mark.slow
def test_a_server_that_drains_ends_after_its_seconds(ledger: Path) -> None:
    with served(ledger, "--drain", "0.5") as (process, _):
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0


@pytest.mark.slow
def test_the_logs_of_a_quiet_server_are_json_alone(ledger: Path) -> None:
    with served(ledger, "--quiet", "--log-format", "json") as (process, url):
        assert asked(url, "/v1/head?x=1")[0] == 400
        process.terminate()
        _, errors = process.communicate(timeout=30)
    (line,) = map(json.loads, errors.splitlines())
    assert (line["route"], line["status"], line["code"]) == ("/v1/head", 400, "API-REQUEST")


@pytest.mark.slow
def test_metrics_have_a_port_of_their_own(ledger: Path) -> None:
    with served(ledger, "--metrics", "127.0.0.1:0") as (process, url):
        assert process.stderr is not None
        metrics = process.stderr.readline().partition("metrics at ")[2].strip().removesuffix("/metrics")
        assert asked(url, "/metrics")[0] == 404
        for _ in range(100):  # a request is counted when its answer was sent
            status, body = asked(metrics, "/metrics")
            if b'route="",status="404"' in body:
                break
            time.sleep(0.1)
        assert (status, b'route="",status="404"' in body) == (200, True)
        result = run("serve", "--listen", "127.0.0.1:0", "--metrics", metrics.partition("//")[2], ledger=ledger)
        assert (result.exit_code, "in use" in result.stderr) in {(2, True), (11, False)}


@pytest.mark.slow
def test_a_server_with_a_certificate_speaks_https(ledger: Path, tmp_path: Path) -> None:
    certified, key = certificate(tmp_path)
    with served(ledger, "--tls-cert", str(certified), "--tls-key", str(key)) as (_, url):
        assert url.startswith("https://127.0.0.1:")
        context = ssl.create_default_context(cafile=str(certified))
        connection = http.client.HTTPSConnection(url.partition("//")[2], context=context, timeout=10)
        connection.request("GET", "/v1/head")
        assert connection.getresponse().status == 200
        connection.close()


def test_a_server_answers_under_the_address_that_clients_use(ledger: Path) -> None:
    with served(ledger, "--url", "https://Office.example") as (_, url):
        for host, status in (("office.example", 200), ("other.example", 421)):
            connection = http.client.HTTPConnection(url.partition("//")[2], timeout=10)
            connection.request("GET", "/v1/head", headers={"Host": host})
            assert connection.getresponse().status == status
            connection.close()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--listen", "0.0.0.0:0"), "can be reached from other machines"),
        (("--listen", "[::]:0"), "can be reached from other machines"),
        (("--listen", "office.example:1"), "no address to listen on"),
        (("--listen", "127.0.0.1:99999"), "no address to listen on"),
        (("--listen", "127.0.0.1"), "no address to listen on"),
        (("--tls-cert", "a"), "go together"),
        (("--client-ca", "a"), "--client-ca needs --tls-cert"),
        (("--proxy", "nowhere"), "--proxy"),
        (("--oidc-issuer", "https://login.example"), "go together"),
        (
            ("--oidc-issuer", "http://login.example", "--oidc-client", "c", "--oidc-secret", "/dev/null"),
            "asked over HTTPS",
        ),
        (("--oidc-issuer", "https://l.example", "--oidc-client", "c", "--oidc-secret", "/nowhere"), "--oidc-secret"),
        (("--oidc-issuer", "https://l.example", "--oidc-client", "c", "--oidc-secret", "/dev/null"), "is empty"),
        (("--metrics", "0.0.0.0:9464"), "on this machine alone"),
        (("--metrics", "nowhere"), "no address to listen on"),
        (("--url", "office.example"), "no address of a server"),
        (("--url", "https://office.example/x"), "no address of a server"),
        (("--url", "https://a@office.example"), "no address of a server"),
    ],
)
def test_what_cannot_be_served_is_said(ledger: Path, options: tuple[str, ...], says: str) -> None:
    result = run("serve", *options, ledger=ledger)
    assert result.exit_code == 2
    assert says in result.stderr


def test_a_certificate_that_cannot_be_used_is_said(ledger: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.pem").write_text("not a certificate")
    for file in ("bad.pem", "missing.pem"):
        path = str(tmp_path / file)
        result = run("serve", "--listen", "127.0.0.1:0", "--tls-cert", path, "--tls-key", path, ledger=ledger)
        assert result.exit_code == 4
        assert file in result.stderr


def test_a_port_that_is_taken_is_said(ledger: Path) -> None:
    with served(ledger) as (_, url):
        result = run("serve", "--listen", url.partition("//")[2], ledger=ledger)
        assert result.exit_code == 2
        assert "in use" in result.stderr


def test_a_folder_that_is_no_ledger_is_said(tmp_path: Path) -> None:
    assert run("serve", "--listen", "127.0.0.1:0", ledger=tmp_path).exit_code == 10


@pytest.mark.skipif(os.geteuid() == 0, reason="root may bind every port")
def test_a_port_that_may_not_be_bound_is_said(ledger: Path) -> None:
    assert run("serve", "--listen", "127.0.0.1:1", ledger=ledger).exit_code == 2
