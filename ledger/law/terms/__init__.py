"""The shapes of rules and verdicts, and the calendar that counts days."""
