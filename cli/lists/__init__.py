"""The lists of orders and deadlines: the view of orders brought up to date, filters, sort orders and pages."""
