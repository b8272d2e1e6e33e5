"""What the public may read without signing in: the page of announcements, feeds, and an embeddable list."""
