"""The order and its versions: prepared, made, served, changed, closed."""
