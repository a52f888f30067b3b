"""Findings on the record itself: origin, integrity, procedure, withdrawn entries, open duties."""
