"""The command line of Comity."""
