"""The order and its versions: preparation, issue, service, changes, closing."""
