"""Pictures of an order and of statistics as values: what is drawn, and where; no picture states more than a view."""
