"""What would settle a finding, a gap of a criterion or a clock: the fact that is missing, and the command for it.

The tables stand beside the rules and are read only when something is shown; judging never asks them.
"""
