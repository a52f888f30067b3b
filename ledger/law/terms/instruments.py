"""The instruments of one act, by their codes."""

from __future__ import annotations

from typing import Final

PROTOCOL: Final = ("2AP-6", "2AP-7", "2AP-8", "2AP-9", "2AP-10")  # CETS 224
CONVENTION: Final = ("BC-16", "BC-18", "BC-29", "BC-30", "BC-31")  # ETS 185
EUROPEAN: Final = ("EPOC", "EPOC-PR")  # Regulation (EU) 2023/1543

# Orders that go straight to the provider. The others go through an authority of the requested Party.
DIRECT: Final = frozenset(("2AP-6", "2AP-7", "BC-16", "BC-18", "VOL", "EPOC", "EPOC-PR", "SCA", "COA"))
