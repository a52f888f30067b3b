"""Regular work of a ledger, done by timers of the server or by command: each job alone, repeatable, observed."""
