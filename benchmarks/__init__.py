"""The cost of Comity, measured against the libraries and programs it builds on; `make bench` prints it as JSON."""
