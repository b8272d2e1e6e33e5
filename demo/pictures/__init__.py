"""The pictures of the demo, and the code that draws them."""
