"""Rights of the person, retention, use, security, oversight."""
