"""Transparency logs, one file for each specification of C2SP: notes, trees, tiles, policies, add-checkpoint."""
