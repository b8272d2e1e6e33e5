"""Processes, ports, towns and browsers for tests, demo and benchmarks."""
