"""The server: operators' pages, compilation and signing of programmes and alerts, delivery to players.

Packages are layers, and each imports only those below it (held by import-linter):
``core`` < ``accounts`` < ``delivery`` < ``fleet`` < ``feeds`` < ``library`` < ``schedule`` < ``alerts`` <
``monitoring`` < ``web`` and ``device_api``.
"""
