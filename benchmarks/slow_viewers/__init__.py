"""Slow viewers among fast ones: what they cost the server, and the others."""
