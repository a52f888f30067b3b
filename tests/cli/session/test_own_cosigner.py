"""An address to listen on has a host and a port; everything else is refused with an example."""

from __future__ import annotations

import pytest

from cli.exit_codes import Stop
from cli.session.own_cosigner import address

EXAMPLE = "127.0.0.1:8080"


@pytest.mark.parametrize(
    ("listen", "host", "port"),
    [("127.0.0.1:0", "127.0.0.1", 0), ("[::1]:8080", "::1", 8080), ("w.example:65535", "w.example", 65_535)],
)
def test_an_address_has_a_host_and_a_port(listen: str, host: str, port: int) -> None:
    assert address(listen, EXAMPLE) == (host, port)


@pytest.mark.parametrize("listen", ["", ":", "8080", ":8080", "host:", "host:x", "host:-1", "host:65536", "host:8.0"])
def test_what_lacks_one_of_them_or_has_a_port_beyond_the_last_is_none(listen: str) -> None:
    with pytest.raises(Stop, match="is no address to listen on") as found:
        address(listen, EXAMPLE)
    assert found.value.hint == f"--listen {EXAMPLE}"
