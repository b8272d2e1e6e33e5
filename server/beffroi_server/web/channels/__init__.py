"""Pages of the channels by which people hear of alerts beside the screens."""
