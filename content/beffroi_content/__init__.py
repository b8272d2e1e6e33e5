"""What is shown, and how it travels: the language that server and player share."""
