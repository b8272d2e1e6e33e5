"""The glass side: no network, no text drawing."""
