"""Read mails as evidence: what their headers claim, what a named server or a key handed in says, digests of files."""
