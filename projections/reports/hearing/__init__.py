"""The hearing bundle: the reports on one order in one paper."""
