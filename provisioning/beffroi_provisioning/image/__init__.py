"""The image for memory cards and disks: a Debian that is a player and nothing else."""
