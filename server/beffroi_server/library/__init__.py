"""Media and announcements."""
