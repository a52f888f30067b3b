"""A cluster on one machine, and what happens to it: `python -m tests.cluster`, or `make cluster`."""
