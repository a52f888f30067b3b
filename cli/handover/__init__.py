"""Make and read what is handed over: evidence bundles and trust folders."""
