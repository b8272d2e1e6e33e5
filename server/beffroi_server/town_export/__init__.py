"""Export of all that a town has made, in open formats, for whoever takes its work over."""
