"""Read and record at an office server from the command line, with the keys of the person who types."""
