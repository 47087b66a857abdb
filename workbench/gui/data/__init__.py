"""The images before they are trained on: what they are, how they are spread, changed and normalized."""
