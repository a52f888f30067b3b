"""Views, reports and exchange files made of the entries of an order at a moment. No disk, network or clock."""
