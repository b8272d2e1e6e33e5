"""What is wrong with this player, in order of harm: facts read from files and network, judged by pure functions."""
