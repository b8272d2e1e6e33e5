"""Debian packages of server and player, each with the Python packages that it needs."""
