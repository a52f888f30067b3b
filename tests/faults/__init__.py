"""Every writing command, killed or failed by the disk at every call by which it writes, and what is there afterwards.

strace counts the calls of one run of a command, then runs it again and again with SIGKILL, EIO or ENOSPC at one of them
(`trials`). After each fault the ledger is whole, everything that was acknowledged is there, the same command finishes,
and the next one works (`asked`). A sample is tried; FULL=1 tries all, and goes on where an earlier run was stopped.

    python -m tests.faults [--seed N] [--count K] [--keep FILE]
"""
