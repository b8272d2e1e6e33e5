"""Users with their roles, sign-in, the town, and the audit trail."""
