"""Base templates, static files and language catalogues."""
