"""Other servers that send the same events to the same viewers. Small, and as good as their documentation makes them."""
