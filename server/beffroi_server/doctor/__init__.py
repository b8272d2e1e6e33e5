"""What is wrong with the server, in order of harm: read in areas, judged by pure functions, told in one place."""
