"""What Comity costs, measured against what it stands on; `make bench` prints it as JSON."""
