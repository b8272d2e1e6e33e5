"""Pages of screens, their classes and groups."""
