"""Pages of warnings from outside, and the address at which sources send them."""
