"""Make, read and check what is handed over: bundles, trust folders, copies."""
