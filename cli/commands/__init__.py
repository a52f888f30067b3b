"""The commands of Comity, one file for each, named after it."""
