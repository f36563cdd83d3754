"""One event to many viewers: Livethread beside its peers."""
