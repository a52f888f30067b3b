"""Audit a log as an outsider, sign what was checked, and keep what auditors of this log have signed."""
