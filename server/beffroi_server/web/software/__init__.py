"""Page of the versions of players."""
