"""Letters to the person whose data were sought: notice, access, erasure."""
