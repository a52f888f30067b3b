"""The addresses that `comity serve` takes: where it listens, and under which URLs it is reached."""

from __future__ import annotations

from contextlib import suppress
from ipaddress import ip_address
from socket import AF_INET, AF_INET6, SO_ACCEPTCONN, SOL_SOCKET, socket
from urllib.parse import urlsplit

from cli.exit_codes import Stop


def listening_address(listen: str) -> tuple[str, int]:
    """Return the IP address and the port of `ADDRESS:PORT`, `localhost` as 127.0.0.1; `Stop` for any other text."""
    host, _, port = listen.rpartition(":")
    host = "127.0.0.1" if host == "localhost" else host.strip("[]")
    try:
        ip_address(host)
    except ValueError:
        host = ""
    if not host or not port.isdecimal() or int(port) > 65_535:
        raise Stop(f"{listen!r} is no address to listen on", hint="--listen 127.0.0.1:7400")
    return host, int(port)


def inherited_socket(fd: int) -> socket:
    """Return the listening TCP socket of a file descriptor; `Stop` for anything else."""
    with suppress(OSError):
        found = socket(fileno=fd)
        if found.family in (AF_INET, AF_INET6) and found.getsockopt(SOL_SOCKET, SO_ACCEPTCONN):
            return found
        found.detach()  # the descriptor is not ours, and stays open
    raise Stop(f"--fd {fd} is no TCP socket that listens", hint="systemd gives its first socket as --fd 3")


def is_loopback(host: str) -> bool:
    """Return True for an IP address that only this machine reaches."""
    return ip_address(host).is_loopback


def is_local(name: str) -> bool:
    """Return True for a host name that browsers look for on this machine."""
    return name in ("localhost", "127.0.0.1", "::1") or name.endswith(".localhost")


def base_url(url: str, example: str = "--url https://office.example") -> str:
    """Return the scheme and authority of a URL without a path; `Stop` for any other text."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise Stop(f"{url!r} is no address of a server", hint=example)
    return f"{parts.scheme}://{parts.netloc.lower()}"
