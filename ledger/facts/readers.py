"""Who may read a sealed value: the audiences that recur, each named for what its readers have in common."""

from __future__ import annotations

# Both States' authorities, and the court. Never the provider.
AUTHORITIES = ("ISS", "VAL", "SEEK", "RET", "NOT", "CAQ", "CAR", "POC", "CT")

# The order as served: the authorities, the provider and the defence.
ALL_SIDES = ("ISS", "VAL", "SEEK", "RET", "SP", "REG", "NOT", "CAQ", "CAR", "POC", "CT", "DEF")
ALL_SIDES_AND_OVERSIGHT = (*ALL_SIDES, "DPO", "SA")

# Those who write to one another while the order runs.
CORRESPONDENTS = ("ISS", "RET", "SP", "REG", "NOT", "CAQ", "CAR", "POC", "CT")

# Those who prepare the order.
DRAFTERS = ("ISS", "VAL", "SEEK", "RET")

# The case file of the issuing State, with those who watch over it.
CASE_FILE = ("ISS", "VAL", "CT", "DPO", "SA")

# Those who may know that an order was issued before it was validated. Regulation (EU) 2023/1543, art. 4(5).
EX_POST = ("ISS", "VAL", "CT", "SA", "DPO", "AUD")

# The issuing side and the notified authority, without anybody between. CETS 224, art. 7(5)(d).
INSTRUCTION = ("ISS", "SEEK", "RET", "NOT", "CT")

# Those who are bound by a condition of the other State, or see that it is kept.
CONDITION = ("ISS", "SEEK", "RET", "LAB", "NOT", "CAQ", "CAR", "POC", "CT", "DEF")

# Every hand through which the data pass.
EVIDENCE = ("SP", "REG", "CAQ", "CAR", "POC", "ISS", "SEEK", "RET", "LAB", "CT", "DEF", "EXP")
EVIDENCE_AND_OVERSIGHT = (*EVIDENCE, "DPO", "SA")

# The hands on the issuing side, from arrival to trial.
EXHIBIT = ("ISS", "SEEK", "RET", "LAB", "CT", "DEF", "EXP")
EXHIBIT_AND_OVERSIGHT = (*EXHIBIT, "DPO", "SA")

# The holder of the data and those who watch over it.
OVERSIGHT = ("ISS", "RET", "DPO", "SA", "CT")

# The holders, those who watch over them, and the person whose data they are.
PERSON_CONCERNED = ("ISS", "RET", "SP", "DPO", "SA", "CT", "CUST")

# Those who argue over the evidence.
TRIAL = ("ISS", "CT", "DEF", "EXP")
