"""Offices: the address book of Parties and offices, and the register entries made of it."""
