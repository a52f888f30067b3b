"""The desk: the web application of the office server, rendered here, by the access rules of the API."""
