"""The ground floor: what meets disk, network and clock."""
