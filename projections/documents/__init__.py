"""Parts of JSON documents that the command line and the server share, each made from a view."""
