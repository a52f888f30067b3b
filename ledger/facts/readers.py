"""Audiences of sealed values that several kinds use, each named for what its readers have in common."""

from __future__ import annotations

# Both States' authorities, and the court. Never the provider.
AUTHORITIES = ("ISS", "VAL", "SEEK", "RET", "NOT", "CAQ", "CAR", "POC", "CT")

# The order as served: the authorities, the provider and the defence.
ALL_SIDES = ("ISS", "VAL", "SEEK", "RET", "SP", "REG", "NOT", "CAQ", "CAR", "POC", "CT", "DEF")
ALL_SIDES_AND_OVERSIGHT = (*ALL_SIDES, "DPO", "SA")

# The correspondents during the execution of an order.
CORRESPONDENTS = ("ISS", "RET", "SP", "REG", "NOT", "CAQ", "CAR", "POC", "CT")

# The offices that prepare an order.
DRAFTERS = ("ISS", "VAL", "SEEK", "RET")

# The case file of the issuing State, with its oversight.
CASE_FILE = ("ISS", "VAL", "CT", "DPO", "SA")

# The roles that may know that an order was issued before it was validated. Regulation (EU) 2023/1543, art. 4(5).
EX_POST = ("ISS", "VAL", "CT", "SA", "DPO", "AUD")

# The issuing side and the notified authority, without the provider. CETS 224, art. 7(5)(d).
INSTRUCTION = ("ISS", "SEEK", "RET", "NOT", "CT")

# The roles bound by a condition of the other State, and its oversight.
CONDITION = ("ISS", "SEEK", "RET", "LAB", "NOT", "CAQ", "CAR", "POC", "CT", "DEF")

# Every holder of the data.
EVIDENCE = ("SP", "REG", "CAQ", "CAR", "POC", "ISS", "SEEK", "RET", "LAB", "CT", "DEF", "EXP")
EVIDENCE_AND_OVERSIGHT = (*EVIDENCE, "DPO", "SA")

# The holders on the issuing side, from arrival to trial.
EXHIBIT = ("ISS", "SEEK", "RET", "LAB", "CT", "DEF", "EXP")
EXHIBIT_AND_OVERSIGHT = (*EXHIBIT, "DPO", "SA")

# The holder of the data and its oversight.
OVERSIGHT = ("ISS", "RET", "DPO", "SA", "CT")

# The holders of the data, their oversight, and the data subject.
PERSON_CONCERNED = ("ISS", "RET", "SP", "DPO", "SA", "CT", "CUST")

# The parties to the trial and their experts.
TRIAL = ("ISS", "CT", "DEF", "EXP")
