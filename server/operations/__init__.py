"""Operate the office server: readiness, metrics, logs, the service manager, configuration."""
