"""Electronic signatures with X.509 certificates: PAdES on papers, CAdES on containers."""
