"""One screen: an agent that hears the town, a stage that shows what it says, and the state directory between them."""

BUILT_AT_MS = 1_767_225_600_000
"""1 January 2026: a system clock before this release was made is certainly wrong."""
