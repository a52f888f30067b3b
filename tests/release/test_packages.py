"""What `make deb` and `make image` built, tried as an administrator uses it: `make packages`, as root.

The package is installed in a root folder made by mmdebstrap, and the image runs under podman with runc. Neither touches
the packages, users or containers of this machine.
"""

from __future__ import annotations

import http.client
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from release.build import SECOND
from release.packaging import IMAGE
from release.pins import ROOT, project

pytestmark = pytest.mark.packages
DEBS = ROOT / "build" / "deb"
LEDGER = "/var/lib/comity/ledger"


def _run(*command: str, **more: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **more}, timeout=900)
    assert done.returncode == 0, f"{shlex.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def _waited(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.2)


def _health(port: int) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def _files(folder: Path) -> dict[str, str]:
    """Return each file below a folder with its digest."""
    found = sorted(file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): sha256(file.read_bytes()).hexdigest() for file in found}


@pytest.fixture(scope="module")
def deb() -> Path:
    (file,) = DEBS.glob("comity_*.deb")
    return file


# -- the Debian package ------------------------------------------------------------------------------------------------


class Root:
    """A Debian in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def command(self, *words: str) -> list[str]:
        return ["chroot", str(self.folder), "/usr/bin/env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", *words]

    def run(self, *words: str) -> str:
        return _run(*self.command(*words))

    def unit(self, name: str) -> tuple[list[str], list[str]]:
        """Return the command of an installed unit, and its environment."""
        text = (self.folder / "usr/lib/systemd/system" / name).read_text("utf-8")
        (command,) = re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)
        return shlex.split(command), re.findall(r"^Environment=(.*)$", text, re.MULTILINE)

    def as_service(self, *words: str) -> list[str]:
        """Return a command that the user of the service types, with the environment of its unit."""
        changed = ["setpriv", "--reuid=comity", "--regid=comity", "--clear-groups", "--inh-caps=-all"]
        return self.command(*self.unit("comity.service")[1], *changed, *words)


@pytest.fixture(scope="module")
def root(deb: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Root]:
    folder = tmp_path_factory.mktemp("debian") / "root"
    needs = "python3.13,libstdc++6,libgcc-s1,zlib1g,systemd,util-linux"
    _run("mmdebstrap", "--quiet", "--variant=apt", f"--include={needs}", "--mode=root", "trixie", str(folder))
    shutil.copy(deb, folder / "comity.deb")
    yield Root(folder)
    shutil.rmtree(folder, ignore_errors=True)


def test_package_serves_by_the_command_of_its_unit_and_leaves_ledgers_when_it_is_purged(root: Root) -> None:
    root.run("dpkg", "--install", "/comity.deb")
    home = root.folder / "var/lib/comity"
    assert (home.stat().st_mode & 0o777, root.run("stat", "-c", "%U:%G", "/var/lib/comity").strip()) == (
        0o700,
        "comity:comity",
    )
    assert not list((root.folder / "etc/systemd").rglob("comity*")), "nothing is enabled"
    assert root.run("dpkg", "--verify", "comity") == ""
    _run(*root.as_service("/usr/bin/comity", "init", LEDGER, "--origin", "ledger.example/xo/office"))
    command, _ = root.unit("comity.service")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = int(listening.getsockname()[1])
        passed = [
            "bash",
            "-c",
            f'exec "$@" 3<&{listening.fileno()}',
            "bash",
            *root.as_service(*command),
        ]  # as systemd does
        with subprocess.Popen(passed, pass_fds=[listening.fileno()]) as server:
            try:
                _waited(lambda: _health(port) == 200)
                asked = root.as_service("comity", "serve", "--listen", f"127.0.0.1:{port}", "--health")
                assert '"ok":true' in _run(*asked)
                assert subprocess.run([*asked, "--tls-cert=a", "--tls-key=b"], timeout=60).returncode == 1
            finally:
                server.terminate()
        assert server.returncode == 0
    _run(*root.as_service("comity", "fsck", "--ledger", LEDGER))
    stated = root.folder / "etc/comity/serve.toml"
    stated.write_text(stated.read_text("utf-8") + "rate = 50\n", "utf-8")
    before = _files(home)
    root.run("dpkg", "--install", "/comity.deb")
    assert "rate = 50" in stated.read_text("utf-8"), "an upgrade keeps the configuration"
    root.run("dpkg", "--remove", "comity")
    assert (stated.exists(), (root.folder / "opt/comity").exists()) == (True, False)
    assert _files(home) == before
    said = root.run("dpkg", "--purge", "comity")
    assert "left in place" in said
    assert not stated.exists()
    assert _files(home) == before


def test_a_second_build_of_the_package_in_another_folder_has_the_same_bytes(deb: Path, tmp_path: Path) -> None:
    again = tmp_path / "another-folder" / "deb"
    before = os.umask(0o077)
    try:
        _run(sys.executable, "-m", "release.packaging", "deb", str(ROOT / "dist"), str(again), **SECOND)
    finally:
        os.umask(before)
    assert (again / deb.name).read_bytes() == deb.read_bytes()


def test_lintian_finds_no_error_in_the_package(deb: Path) -> None:
    done = subprocess.run(["lintian", "--fail-on", "error", str(deb)], capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout


# -- the image ---------------------------------------------------------------------------------------------------------


Done = subprocess.CompletedProcess[str]


class Image:
    """The image, run as the documentation says: no rights, and nothing that can be written but the volumes."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.volumes = [f"comity-test-{part}-{os.getpid()}" for part in ("ledger", "state", "config", "run")]
        self.started: list[str] = []

    def podman(self, *words: str) -> Done:
        command = ["podman", "--runtime", "runc", "--cgroup-manager", "cgroupfs", *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=300)

    def run(self, *words: str, network: str = "host", options: tuple[str, ...] = ()) -> Done:
        places = ("/var/lib/comity/ledger", "/var/lib/comity/state", "/var/lib/comity/config", "/run/comity")
        mounted = [f"--volume={name}:{place}" for name, place in zip(self.volumes, places, strict=True)]
        safe = ["--read-only", "--cap-drop=all", "--security-opt=no-new-privileges", "--ulimit=host"]
        return self.podman("run", "--rm", *safe, *mounted, f"--network={network}", *options, self.name, *words)

    def start(self, name: str, *words: str, network: str = "host", options: tuple[str, ...] = ()) -> str:
        called = f"comity-test-{name}-{os.getpid()}"
        done = self.run(*words, network=network, options=("--detach", f"--name={called}", *options))
        assert done.returncode == 0, done.stderr
        self.started.append(called)
        return called

    def close(self) -> None:
        for name in self.started:
            self.podman("rm", "--force", "--time=5", name)
        self.podman("volume", "rm", "--force", *self.volumes)


@pytest.fixture
def image() -> Iterator[Image]:
    made = Image(f"{IMAGE}:{project()['version']}")
    assert made.podman("image", "exists", made.name).returncode == 0, "make image"
    yield made
    made.close()


@pytest.mark.parametrize("program", ["/bin/sh", "/bin/bash", "/usr/bin/dpkg", "/usr/bin/apt-get", "/usr/bin/env"])
def test_image_has_no_shell_and_no_package_manager(image: Image, program: str) -> None:
    assert image.run(options=(f"--entrypoint={program}",)).returncode == 127


def test_image_serves_a_ledger_signed_in_a_second_container_without_a_network(image: Image, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    tmp_path.chmod(0o755)
    stated = tmp_path / "serve.toml"
    stated.write_text(f'listen = "127.0.0.1:{port}"\nlog-format = "json"\n', "utf-8")
    stated.chmod(0o644)
    ledger = "/var/lib/comity/ledger/ledger"
    begun = image.run("init", ledger, "--origin", "ledger.example/xo/office", network="none")
    assert begun.returncode == 0, begun.stderr
    moved = image.run("signer", "use", "/run/comity/signer.sock", "--move", "/var/lib/comity/state/signer")
    assert moved.returncode == 0, moved.stderr
    own = ("signer", "serve", "/var/lib/comity/state/signer", "--socket", "/run/comity/signer.sock")
    signer = image.start("signer", *own, network="none")
    server = image.start("serve", options=(f"--volume={stated}:/etc/comity/serve.toml:ro",))
    _waited(lambda: _health(port) == 200)
    assert image.podman("healthcheck", "run", server).returncode == 0
    python = ("exec", server, "/opt/comity/bin/python", "-c")
    assert image.podman(*python, "import os; print(os.getuid(), os.getgid())").stdout == "7400 7400\n"
    assert "Read-only" in image.podman(*python, "open('/opt/comity/a', 'w')").stderr
    image.podman("stop", "--time=5", signer)
    _waited(lambda: _health(port) == 503)
    assert image.podman("healthcheck", "run", server).returncode == 1
