"""Channels: what tells people of alerts beside the screens, a few seconds later."""
