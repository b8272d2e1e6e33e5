"""Pages of what the town gives to others: webhooks and the public page."""
