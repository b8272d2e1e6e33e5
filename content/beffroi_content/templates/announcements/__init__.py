"""One module for each template of announcements."""
