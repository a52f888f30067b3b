"""An address that is no address is refused before anything is served, and a descriptor that does not listen as well."""

from __future__ import annotations

import os
import socket

import pytest

from cli.exit_codes import Stop
from cli.serving.addresses import base_url, inherited_socket, is_local, is_loopback, listening_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:7400", ("127.0.0.1", 7400)),
        ("localhost:0", ("127.0.0.1", 0)),
        ("0.0.0.0:65535", ("0.0.0.0", 65_535)),  # noqa: S104
        ("[::1]:7400", ("::1", 7400)),
    ],
)
def test_an_address_to_listen_on_is_an_ip_address_and_a_port(text: str, address: tuple[str, int]) -> None:
    assert listening_address(text) == address


@pytest.mark.parametrize(
    "text", ["", "7400", ":7400", "office.example:7400", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "[::1]:-1"]
)
def test_any_other_text_is_no_address_to_listen_on(text: str) -> None:
    with pytest.raises(Stop, match="is no address to listen on"):
        listening_address(text)


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_a_listening_socket_is_taken_over(family: socket.AddressFamily) -> None:
    with socket.socket(family) as bound:
        bound.bind(("127.0.0.1" if family is socket.AF_INET else "::1", 0))
        with pytest.raises(Stop, match="is no TCP socket that listens"):
            inherited_socket(bound.fileno())
        bound.listen()
        with inherited_socket(os.dup(bound.fileno())) as taken:
            assert taken.getsockname() == bound.getsockname()


def test_what_is_no_tcp_socket_is_not_taken_over() -> None:
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind("")
        unix.listen()
        with pytest.raises(Stop, match=f"--fd {unix.fileno()} is no TCP socket that listens"):
            inherited_socket(unix.fileno())
        assert unix.getsockname(), "it stays open"
    read, write = os.pipe()
    with pytest.raises(Stop, match=f"--fd {read} is no TCP socket that listens"):
        inherited_socket(read)
    os.close(write)


def test_names_and_addresses_of_this_machine_are_told_from_others() -> None:
    assert [is_loopback(each) for each in ("127.0.0.1", "127.8.0.1", "::1", "10.0.0.1", "::")] == [
        True, True, True, False, False,
    ]  # fmt: skip
    here = ("localhost", "127.0.0.1", "::1", "sign.localhost")
    assert [each for each in (*here, "127.0.0.2", "localhost.example", "notlocalhost", "") if is_local(each)] == [*here]


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://Office.example", "https://office.example"),
        ("http://127.0.0.1:7400/", "http://127.0.0.1:7400"),
        ("https://[::1]:443", "https://[::1]:443"),
    ],
)
def test_the_base_of_a_server_is_scheme_and_authority(url: str, base: str) -> None:
    assert base_url(url) == base


@pytest.mark.parametrize(
    "url",
    [
        "office.example", "ftp://office.example", "https://", "https://office.example:0", "https://office.example:x",
        "https://office.example/ledger", "https://office.example?x=1", "https://office.example/#x",
        "https://dina@office.example", "https://[::1", "",
    ],
)  # fmt: skip
def test_any_other_url_is_no_address_of_a_server(url: str) -> None:
    with pytest.raises(Stop, match="is no address of a server") as stopped:
        base_url(url, "--server https://x")
    assert stopped.value.hint == "--server https://x"
