"""A structure-aware fuzzer over the two verifiers, Python and page.

A case is a script (`script`): what two ledgers record, which bundle one of them makes, whom the verifier
trusts. `worlds` makes honest scripts from a seed. `mutations` makes the signers and makers of a script lie.
`built` signs everything again, so that a false statement is in the log with good signatures and proofs.
`oracle` says what verdicts are allowed: the same by program and page, no error, and nothing better than the
case deserves. `shrink` makes a failing script small.

    python -m tests.fuzz --seed N --count K [--seconds S] [--keep DIR]
    python -m tests.fuzz --replay FILE...

`parsers` gives every parser of the project inputs that were good before random changes, `servers` requests to
desk and witness; `inputs` are those changes.

`seeds/` keeps whole scripts of differences and wrong verdicts that were mended: they stay the same whatever
becomes of the generator. `make fuzz` runs two minutes of new ones.
"""
