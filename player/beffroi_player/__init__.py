"""The player of one screen: an agent on the network, a stage on the display, and the state directory between them."""

BUILT_AT_MS = 1_767_225_600_000
"""1 January 2026, in Unix milliseconds: a system clock before the release was made is certainly wrong."""
