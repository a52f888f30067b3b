"""Take in tables and mails at the desk: what their rows state, as drafts that a person signs."""
