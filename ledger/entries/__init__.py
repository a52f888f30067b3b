"""Sealed entries: their envelope, payload and place, the keys that sign them, and their replacements."""
