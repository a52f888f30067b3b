"""The peers of a configuration are read strictly."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from ledger.errors import LedgerError
from server.exchange.peers import peer_named, peers_of
from server.operations.configuration import read_configuration, read_table

GOOD = """
within = 3
[[peers]]
name = "skylark"
origin = "ledger.example/xv/skylark"
url = "https://ledger.skylark.example"
audience = "SP"
"""
WRONG = {
    "a role that is none": GOOD.replace('"SP"', '"XX"'),
    "no address": GOOD.replace("https://ledger.skylark.example", "ftp://x"),
    "in the open": GOOD.replace("https:", "http:"),
    "another member": GOOD + "colour = 1\n",
    "a name with a slash": GOOD.replace('"skylark"', '"sky/lark"'),
    "a name of two lines": GOOD.replace('"skylark"', '"skylark\\n"'),
    "no origin": GOOD.replace("origin", "# origin"),
    "twice": GOOD + GOOD.partition("3\n")[2],
    "no file of certificates": GOOD + 'ca = "/nowhere.pem"\n',
    "no list": "peers = 3\n",
}


def test_the_peers_of_a_file_are_known_by_name(tmp_path: Path) -> None:
    file = tmp_path / "serve.toml"
    file.write_text(GOOD, "utf-8")
    peers = peers_of(read_table(file, "peers"))
    assert peer_named(peers, "skylark").origin == "ledger.example/xv/skylark"
    assert read_configuration(file) == {"within": 3.0}
    with pytest.raises(LedgerError, match="EXCHANGE-PEER"):
        peer_named(peers, "karsk")


@pytest.mark.parametrize("wrong", WRONG)
def test_a_peer_of_another_form_is_refused(wrong: str) -> None:
    table = tomllib.loads(WRONG[wrong])["peers"]
    with pytest.raises(ValueError, match=r".+"):
        peers_of(table)


def test_the_fault_of_a_peer_names_the_table() -> None:
    with pytest.raises(ValueError, match=r"`origin` - at `\$\.peers\[0\]`"):
        peers_of(tomllib.loads(WRONG["no origin"])["peers"])


def test_a_file_without_peers_has_none() -> None:
    assert peers_of(None) == ()
