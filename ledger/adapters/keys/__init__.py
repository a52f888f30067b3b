"""Signing keys: files, ssh-agent, PKCS#11, ML-DSA."""
