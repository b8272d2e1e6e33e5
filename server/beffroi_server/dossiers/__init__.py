"""Dossiers: everything that is known of an alert, for authorities and insurers, and so that anybody can verify it."""
