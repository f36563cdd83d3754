"""What the server is about, without I/O: records, validation, transitions, events, cursor, fold."""
