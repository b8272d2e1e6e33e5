"""Pages of users, the town and the audit trail, and sign-in."""
