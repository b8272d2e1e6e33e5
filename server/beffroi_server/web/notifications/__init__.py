"""Pages of what needs attention, of outages, and of what each user is told."""
