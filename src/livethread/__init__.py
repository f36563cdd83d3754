"""Livethread: a self-hosted server for AI-assistant threads."""

__version__ = "0.1.0"
