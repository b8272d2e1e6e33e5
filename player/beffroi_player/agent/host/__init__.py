"""The machine that the player runs on: clock, health, hardware and network."""
