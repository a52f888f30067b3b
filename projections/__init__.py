"""Questions put to the entries of an order and a moment; pure, they import the cellar and never the world."""
