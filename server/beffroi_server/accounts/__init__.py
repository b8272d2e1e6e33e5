"""People, their roles, the town they work for, and what they did."""
