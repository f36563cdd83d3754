"""The page: what a browser sees."""
