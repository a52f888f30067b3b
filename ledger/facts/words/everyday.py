"""Everyday words for roles, in English and German, as people type them in an address book or an option."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_LAB: Final = ("LAB",)
_PROSECUTOR: Final = ("ISS", "VAL", "RET")
_POLICE: Final = ("SEEK", "RET")
_CENTRAL: Final = ("CAR", "CAQ")

# In small letters; more than one code where the word alone does not decide.
ROLE_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "anordnungsbehörde": ("ISS",),
    "prosecutor": _PROSECUTOR,
    "public prosecutor": _PROSECUTOR,
    "staatsanwalt": _PROSECUTOR,
    "staatsanwaltschaft": _PROSECUTOR,
    "judge": ("VAL", "ISS", "CT"),
    "richter": ("VAL", "ISS", "CT"),
    "ermittlungsrichter": ("VAL", "ISS"),
    "police": _POLICE,
    "polizei": _POLICE,
    "law enforcement": _POLICE,
    "law enforcement authority": _POLICE,
    "strafverfolgungsbehörde": _POLICE,
    "ermittlungsbehörde": _POLICE,
    "provider": ("SP",),
    "addressee": ("SP",),
    "anbieter": ("SP",),
    "diensteanbieter": ("SP",),
    "dienstanbieter": ("SP",),
    "adressat": ("SP",),
    "domain registrar": ("REG",),
    "registrar": ("ADM", "REG"),
    "registerführer": ("ADM",),
    "enforcing authority": ("NOT",),
    "notified authority": ("NOT",),
    "vollstreckungsbehörde": ("NOT",),
    "unterrichtete behörde": ("NOT",),
    "central authority": _CENTRAL,
    "zentralbehörde": _CENTRAL,
    "zentrale behörde": _CENTRAL,
    "contact point": ("POC",),
    "kontaktstelle": ("POC",),
    "gericht": ("CT",),
    "customer": ("CUST",),
    "data subject": ("CUST",),
    "kunde": ("CUST",),
    "betroffene person": ("CUST",),
    "defence": ("DEF",),
    "defense": ("DEF",),
    "verteidiger": ("DEF",),
    "verteidigung": ("DEF",),
    "datenschutzbeauftragter": ("DPO",),
    "datenschutzbeauftragte": ("DPO",),
    "data protection authority": ("SA",),
    "aufsichtsbehörde": ("SA",),
    "datenschutzbehörde": ("SA",),
    "prüfer": ("AUD",),
    "custodian": _LAB,
    "laboratory": _LAB,
    "forensic laboratory": _LAB,
    "verwahrer": _LAB,
    "asservatenverwalter": _LAB,
    "asservatenstelle": _LAB,
    "labor": _LAB,
    "expert": ("EXP", "LAB"),
    "gutachter": ("EXP", "LAB"),
    "sachverständiger": ("EXP", "LAB"),
}
