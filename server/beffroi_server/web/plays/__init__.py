"""Pages of proof of play: what was shown, where, when and how often."""
