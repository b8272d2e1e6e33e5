"""Content and protocol: the language that server and player share. Pure, and independent of both."""
