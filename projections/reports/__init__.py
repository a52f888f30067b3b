"""Reports as values: custody, evidence chain, data protection, certificates, the order form."""
