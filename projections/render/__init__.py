"""Reports as HTML, PDF and desk pages, in the reader's language."""
