"""Models behind one interface: one file per dialect, and the built-in provider."""
