"""The first hour of a town: what is to be done, the starter set, and the end of the try-out."""
