"""Raster: the tools with which pages are laid out and painted.

Text (fonts, typography, line breaking, fitting), graphics (colours, pictograms), image decoding, and the page, a list
of things to paint. It knows neither templates nor slides.
"""
