"""Tables of routes: of files that an office keeps, and of what is proven of the office that asks."""
