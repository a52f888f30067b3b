"""What would settle a finding, a gap of a criterion or a clock: the fact that is missing, and the command for it.

The tables are next to the rules. They are read only when something is shown; judging never asks them.
"""
