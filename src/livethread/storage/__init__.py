"""Tables, queries and migrations; nothing above knows the database."""
