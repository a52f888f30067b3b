"""Connect the domain to disk, network and clock."""
