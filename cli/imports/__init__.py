"""Imports: spreadsheets, HI-1 messages, delivery evidence, scanned letters."""
