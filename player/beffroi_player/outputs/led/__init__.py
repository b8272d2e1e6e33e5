"""LED controllers on the network, and HUB75 panels on the pins of this machine."""
