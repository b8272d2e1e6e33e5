"""Override broadcasts and scenarios."""
