"""The findings of each instrument, in the order of its articles."""
