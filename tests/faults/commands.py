"""The ledger that is tried, and the commands."""

from __future__ import annotations

from pathlib import Path

from tests.support.cli import House

EXISTS = "is there already"
COMMANDS: dict[str, tuple[str, ...]] = {
    "record": ("record", "order-transmitted", "PPO-1", "-f", "addressee=ilves", "-f", "channel=post", "--as", "ilves"),
    "sealed": (
        *("record", "confidentiality-requested", "PPO-1", "-f", "until=2030-01-01", "-f", "reasons=because"),
        *("--as", "ilves"),
    ),
    "issue": ("issue", "--instrument", "2AP-7", "--to", "XV", "--reference", "PPO-9", "--as", "ilves"),
    "import": ("import", "HOUSE/table.csv", "--as", "ilves"),
    "erase": ("erase", "PPO-1", "--cause", "erasure-granted", "--as", "ilves", "--yes"),
    "key new": ("key", "new", "another"),
    "key enrol": ("key", "enrol", "ready", "--role", "RET", "--party", "XO", "--office", "Office"),
    "key rotate": ("key", "rotate", "ilves", "--to", "HOUSE/config/comity/keys/following.pub", "--lost"),
    "rotate-log": ("key", "rotate-log", "--yes"),
    "checkpoint": ("checkpoint",),
    "publish": ("log", "publish", "HOUSE/published"),
    "export": ("export", "PPO-1", "--audience", "COURT", "-o", "HOUSE/court.evidence.zip", "--as", "ilves"),
    "backup": ("backup", "HOUSE/ledger", "-o", "HOUSE/copy.tar"),
    "init": ("init", "HOUSE/second", "--origin", "ledger.example/xo/second"),
}
MAY_BE_DONE = {  # what a repeated command may say where the one before came to its end
    "issue": "REFERENCE-TAKEN",
    "key new": EXISTS,
    "key enrol": "KEY",
    "key rotate": "no key that could be replaced",
    "export": EXISTS,
    "backup": EXISTS,
    "init": "LEDGER-EXISTS",
}
MAY_BE_CUT = {"erase": "repeat the erasure"}  # what `fsck` may leave undecided until the command is repeated
TABLE = "order,kind,occurred,instrument,from_party,to_party,identifiers\n" + "".join(
    f"T-{n},order-issued,2026-03-0{n}T09:00:00Z,2AP-7,XO,XV,acct-{n}\n" for n in range(1, 6)
)


def furnished(folder: Path) -> House:
    """A ledger with an office, an order that seals something, and keys that wait."""
    folder.mkdir(parents=True)
    house = House(folder).begun().with_office("ilves", "ISS")
    assert house.run("record", "party-registered", *registered("XV")).exit_code == 0
    house.order()
    sealed = ("-f", "until=2030-01-01", "-f", "reasons=others are being looked for")
    assert house.run("record", "confidentiality-requested", "PPO-1", *sealed, "--as", "ilves").exit_code == 0
    for name in ("ready", "following"):
        house.told("key", "new", name)
    (folder / "table.csv").write_text(TABLE)
    return house


def registered(party: str) -> tuple[str, ...]:
    """The fields and the signer of a Party that enters the register."""
    fields = (f"party={party}", "zone=UTC", "declarations_verified=false")
    return (*(part for field in fields for part in ("-f", field)), "--as", "registrar")


def words_of(command: str, house: House) -> list[str]:
    """What is typed, for a house of its own."""
    return [word.replace("HOUSE", str(house.folder)) for word in COMMANDS[command]]
