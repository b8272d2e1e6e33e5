"""Files that people upload: taken in, checked and converted by confined processes."""
