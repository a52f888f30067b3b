"""Two offices in processes of their own: killed between any two steps, and in two network namespaces."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.server.exchange.offices import Offices

pytestmark = pytest.mark.slow

PROGRAM = Path(sys.executable).with_name("comity")
SEND = "exchange send E-7 --to skylark --as ilves --config serve.toml"
DELIVER = "exchange deliver --now --config serve.toml"
# Runs the command line, and kills its process before or after a call of a function.
STRIKE = """
import importlib, os, signal, sys
path, when = sys.argv[1:3]
module, _, names = path.partition(":")
holder = importlib.import_module(module)
*owners, name = names.split(".")
for owner in owners:
    holder = getattr(holder, owner)
called = getattr(holder, name)
def struck(*args, **more):
    result = called(*args, **more) if when == "after" else None
    os.kill(os.getpid(), signal.SIGKILL)
setattr(holder, name, struck)
from cli.app import main
sys.argv = ["comity", *sys.argv[3:]]
main()
"""
RECEIVER = (
    "server.exchange.endpoint:check_content",
    "server.exchange.reception:from_bundle",
    "server.exchange.reception:take_in",
    "ledger.application.foreign.receive:keep_files",
    "ledger.application.journal:Journal.record_batch",
    "server.exchange.reception:answer_of",
    "server.exchange.store:ExchangeStore.settle",
)
SENDER = (
    "server.exchange.store:ExchangeStore.put",
    "server.exchange.store:ExchangeStore.content",
    "server.exchange.client:PeerClient.hand_in",
    "server.exchange.delivery:check_answer",
    "server.exchange.store:ExchangeStore.answered",
)
WRAPPED = "counterparty-record-received"


def start(offices: Offices, who: str, *command: str, prefix: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    """Start a program in the folder of an office."""
    env = {**os.environ, **offices.env(who)}
    return subprocess.Popen(
        [*prefix, *command], cwd=offices.root / who, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def run(offices: Offices, who: str, line: str, prefix: tuple[str, ...] = ()) -> tuple[int, str]:
    """Run a command of the command line to its end; return its exit code and its output."""
    process = start(offices, who, str(PROGRAM), *shlex.split(line), prefix=prefix)
    said = "\n".join(process.communicate(timeout=60))
    return process.returncode, said


def struck(offices: Offices, who: str, path: str, when: str, line: str) -> subprocess.Popen[str]:
    """Start a command that is killed before or after a call of a function."""
    return start(offices, who, sys.executable, "-P", "-c", STRIKE, path, when, *shlex.split(line))


@contextmanager
def served(process: subprocess.Popen[str]) -> Iterator[str]:
    """Yield the URL that a server prints; kill the server afterwards."""
    with process:
        assert process.stdout is not None
        word, _, url = process.stdout.readline().strip().partition(" ")
        assert word == "READY", process.stderr and process.stderr.read()
        try:
            yield url
        finally:
            process.kill()


def serving(offices: Offices, port: int = 0) -> subprocess.Popen[str]:
    offices.configure("skylark", None)
    return start(offices, "skylark", str(PROGRAM), *serve(port).split())


def serve(port: int = 0) -> str:
    return f"serve --config serve.toml --listen 127.0.0.1:{port}"


def check_whole(offices: Offices) -> None:
    """Assert that the bundle is acknowledged, and that each of its entries is in the record of skylark once."""
    (sent,) = offices.answer("karsk", "comity exchange list")["bundles"]
    assert sent["state"] == "acknowledged"
    assert offices.kinds("skylark").count(WRAPPED) == 2
    assert not [*(offices.ledger("karsk") / "exchange" / "outgoing").iterdir()]
    for who in ("karsk", "skylark"):
        offices.type(who, "comity fsck")


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("path", RECEIVER)
def test_a_receiver_that_is_killed_at_any_step_has_each_entry_once_in_the_end(
    offices: Offices, path: str, when: str
) -> None:
    offices.configure("skylark", None)
    with served(struck(offices, "skylark", path, when, serve())) as url:
        offices.configure("karsk", url)
        code, said = run(offices, "karsk", SEND)
        assert (code, "HTTP-SILENT" in said) == (3, True), said
    with served(serving(offices)) as url:
        offices.configure("karsk", url)
        assert run(offices, "karsk", DELIVER)[0] == 0
    check_whole(offices)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("path", SENDER)
def test_a_sender_that_is_killed_at_any_step_has_its_receipts_in_the_end(
    offices: Offices, path: str, when: str
) -> None:
    with served(serving(offices)) as url:
        offices.configure("karsk", url)
        process = struck(offices, "karsk", path, when, SEND)
        process.communicate(timeout=60)
        assert process.returncode == -signal.SIGKILL
        if (path, when) == (SENDER[0], "before"):
            assert run(offices, "karsk", SEND)[0] == 0  # nothing was kept: the command is repeated
        else:
            assert run(offices, "karsk", DELIVER)[0] == 0
    check_whole(offices)


# -- the tutorial on two ledgers, over the network ---------------------------------------------------------------------

TUTORIAL = (
    ("karsk", SEND),
    ("skylark", "record order-received E-7 -f proof_kind=own-stamp --as skylark"),
    (
        "skylark",
        "disclose return.csv --order E-7 --elements name --channel decentralised-it-system --as skylark",
    ),
    ("skylark", "exchange send E-7 --to karsk --as skylark --config serve.toml"),
    ("karsk", "exchange fetch skylark --config serve.toml"),
    ("karsk", "record evidence-received E-7 -f check=equal -f manifest=return.csv --elements name --as ilves"),
    ("karsk", SEND),
)


def tutorial(offices: Offices, prefixes: Mapping[str, tuple[str, ...]]) -> None:
    """Type the tutorial, each office in its own place, while skylark serves."""
    for who in ("karsk", "skylark"):
        (offices.root / who / "return.csv").write_text("account,name\n80417,Jaan Tamm\n", "utf-8")
    for who, line in TUTORIAL:
        code, said = run(offices, who, line, prefixes.get(who, ()))
        assert code == 0, f"{line}: {said}"
    ours, theirs = (offices.judged(who) for who in ("karsk", "skylark"))
    assert ours == theirs
    assert ours["state"] == "DISCLOSED"


def test_the_two_ledgers_of_the_tutorial_exchange_over_loopback(offices: Offices) -> None:
    with served(serving(offices)) as url:
        offices.configure("karsk", url)
        tutorial(offices, {})


@pytest.fixture
def namespaces() -> Iterator[None]:
    """Two network namespaces with a cable between them: 10.77.0.1 is karsk, 10.77.0.2 skylark."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        pytest.skip("network namespaces need `ip` and the rights of root")
    lines = (
        "ip netns add comity-karsk", "ip netns add comity-skylark",
        "ip link add karsk0 netns comity-karsk type veth peer name skylark0 netns comity-skylark",
        "ip -n comity-karsk addr add 10.77.0.1/24 dev karsk0", "ip -n comity-karsk link set karsk0 up",
        "ip -n comity-skylark addr add 10.77.0.2/24 dev skylark0", "ip -n comity-skylark link set skylark0 up",
        "ip -n comity-skylark link set lo up",
    )  # fmt: skip
    try:
        for line in lines:
            done = subprocess.run(line.split(), capture_output=True, text=True, check=False)
            if done.returncode:
                pytest.skip(f"this machine permits no network namespace: {line}: {done.stderr.strip()}")
        yield
    finally:
        for name in ("comity-karsk", "comity-skylark"):
            subprocess.run(["ip", "netns", "delete", name], capture_output=True, check=False)


@pytest.mark.usefixtures("namespaces")
def test_the_two_ledgers_of_the_tutorial_exchange_between_two_network_namespaces(offices: Offices) -> None:
    prefixes = {who: ("ip", "netns", "exec", f"comity-{who}") for who in ("karsk", "skylark")}
    offices.configure("skylark", None)
    certificate = offices.root / "skylark" / "office.pem"
    made = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=skylark"
    files = ("-addext", "subjectAltName=IP:10.77.0.2", "-out", "office.pem", "-keyout", "office.key")
    subprocess.run([*made.split(), *files], cwd=certificate.parent, check=True, capture_output=True)
    line = "serve --config serve.toml --tls-cert office.pem --tls-key office.key --listen 10.77.0.2:7400"
    with served(start(offices, "skylark", str(PROGRAM), *line.split(), prefix=prefixes["skylark"])) as url:
        offices.configure("karsk", url, ca=str(certificate))
        assert run(offices, "karsk", SEND)[0] == 3  # outside of its namespace skylark is not reached
        assert run(offices, "karsk", DELIVER, prefixes["karsk"])[0] == 0
        tutorial(offices, prefixes)
