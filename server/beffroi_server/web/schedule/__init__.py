"""Pages of playlists, schedule rules and calendars."""
