"""Reports: one HTML file each that needs nothing else, and the pieces that they are made of.

A figure is SVG, a table is rows, a page joins them; colors come from the page's style, light and dark.
"""
