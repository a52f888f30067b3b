"""The command line as tests use it: run one command, read its output and exit code; and a story's ledger to use."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Self

from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator

from cli.app import comity
from cli.commands.schema import schema_of
from cli.stories.model import read_story
from cli.stories.player import PlayedStory, play_story

PERSON = "Somebody Invented"
ORIGIN = "ledger.example/xo/karsk"
STORIES = Path(__file__).parents[2] / "fixtures" / "stories"
LONG_NAMES = {
    "Skylark Mail AS": "شركة سكايلارك للبريد الإلكتروني والخدمات الرقمية المحدودة في فالدوريا",
    "Cyber Unit Karsk": "卡尔斯克市人民检察院电子证据与网络犯罪侦查支队第三大队电子数据取证中心办公室",
    "Karsk Forensic Laboratory": "Национальная криминалистическая лаборатория цифровых доказательств",
    "Prosecutor's Office Karsk": "Zentralstelleelektronischebeweismittellandeskriminalamtkarsk1",
    "KA-0311/1": "KA-2027-0311-EXHIBIT-0001-COPY-OF-THE-ORIGINAL-MEDIUM-0001",
    "skyl-return.json": "skylark-return-of-2027-03-15-account-holder-4471-part-01.json",
    "KA-2027-0311": "KA-2027-0311-AKTENZEICHEN-DER-ZENTRALEN-STELLE-0001",
}


def run(*args: str, ledger: Path | None = None, stdin: str | None = None, **env: str) -> Result:
    """Run a command as an invented person; stdin is never a terminal."""
    told = {"COMITY_LEDGER": str(ledger) if ledger else "", "COMITY_PERSON": PERSON, **env}
    result = CliRunner().invoke(comity, list(args), env=told, input=stdin)
    assert "Traceback" not in result.output
    if result.stdout.startswith("{") and ("--json" in args or "json" in args):
        for document in documents_in(result.stdout):
            check_document(document)
    return result


def documents_in(text: str) -> Iterator[dict[str, Any]]:
    """Return the JSON documents of an output, in order."""
    decoder, start = json.JSONDecoder(), 0
    while start < len(text):
        document, end = decoder.raw_decode(text, start)
        yield document
        start = end + len(text[end:]) - len(text[end:].lstrip())


def check_document(document: dict[str, Any]) -> None:
    """Validate a document against its published schema; of each format the first `VALIDATED` of this process."""
    name = document["format"]
    _validated[name] += 1
    if _validated[name] <= VALIDATED:
        _validator(name).validate(document)


VALIDATED = 5
_validated: Counter[str] = Counter()


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(schema_of(name))


def reply(*args: str, ledger: Path | None = None, **env: str) -> dict[str, Any]:
    """Return what a command answers as JSON; it must have ended well."""
    result = run(*args, "--json", ledger=ledger, **env)
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


@cache
def _original(story: str) -> PlayedStory:
    path = Path(mkdtemp(prefix="comity-test-")) / story
    return play_story(read_story((STORIES / f"{story}.toml").read_bytes(), story), path)


def ledger_of(story: str, folder: Path) -> Path:
    """Return a fresh copy of a story's ledger, which a test may change."""
    return Path(shutil.copytree(_original(story).path, folder / "ledger"))


def ledger_of_long_names(folder: Path) -> Path:
    """Return the ledger of S1 with names of about 60 characters in four writings, and seconds in every time."""
    text = (STORIES / "S1.toml").read_text("utf-8")
    for short, long in LONG_NAMES.items():
        text = text.replace(short, long)
    text = re.sub(r"(T\d\d:\d\d):00Z", r"\1:37Z", text)
    return play_story(read_story(text.encode(), "writings"), folder / "ledger").path


def size(ledger: Path) -> int:
    """Return the number of entries in a ledger."""
    return int(reply("checkpoint", ledger=ledger)["size"])


class House:
    """A user with separate folders, and a ledger in them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ledger = folder / "ledger"
        self.env = {"XDG_STATE_HOME": str(folder / "state"), "XDG_CONFIG_HOME": str(folder / "config")}
        self.keys = folder / "config" / "comity" / "keys"

    def state_folder(self) -> Path:
        """Return the folder with log key and guard, which is outside of the ledger."""
        (state,) = (self.folder / "state" / "comity").iterdir()
        return state

    def run(self, *args: str) -> Any:
        return run(*args, ledger=self.ledger, **self.env)

    def away(self, *args: str, stdin: str | None = None) -> Result:
        """Run a command to which no ledger is named."""
        return run(*args, ledger=None, stdin=stdin, **self.env)

    def reply(self, *args: str) -> dict[str, Any]:
        return reply(*args, ledger=self.ledger, **self.env)

    def begun(self) -> Self:
        assert self.run("init", str(self.ledger), "--origin", ORIGIN).exit_code == 0
        return self

    def furnished(self) -> Self:
        """Return a fresh copy of a ledger with one office, ilves, and one order, PPO-1."""
        shutil.copytree(_furnished(), self.folder, dirs_exist_ok=True)
        return self

    def with_office(self, actor: str, *roles: str) -> Self:
        self.reply("key", "new", actor)
        said = [part for role in roles for part in ("--role", role)]
        assert self.run("key", "enrol", actor, *said, "--party", "XO", "--office", "Office").exit_code == 0
        assert self.run("key", "accept", actor).exit_code == 0
        return self

    def order(self, actor: str = "ilves") -> str:
        args = ("issue", "--unregistered", "--instrument", "2AP-7", "--to", "XV", "--reference", "PPO-1", "--as", actor)
        return str(self.reply(*args)["order"])


@cache
def _furnished() -> Path:
    house = House(Path(mkdtemp(prefix="comity-test-"))).begun().with_office("ilves", "ISS")
    house.order()
    return house.folder
