"""Who sends a request: a key of the register, by its signature over the request."""
