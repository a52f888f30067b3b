"""What machines with one event store share besides its entries: heads, time stamps, and bytes of other logs."""
