"""Units, categories and places: what requests refer to."""
