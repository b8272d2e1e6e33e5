"""Pages of alerts and scenarios."""
