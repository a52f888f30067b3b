"""Views of an order that only papers show."""
