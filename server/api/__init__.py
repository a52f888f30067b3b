"""The HTTP API: one table of routes, from which the application and its OpenAPI document are made."""
