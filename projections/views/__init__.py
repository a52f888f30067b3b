"""Tables rebuilt from entries: timeline, state, deadlines, custody, evidence chain."""
