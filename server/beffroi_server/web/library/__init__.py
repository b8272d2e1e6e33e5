"""Pages of the library: announcements and media."""
