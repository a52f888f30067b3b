"""Disk, network and clock."""
