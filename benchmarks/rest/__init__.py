"""What the calls cost that store and list messages, beside a bare FastAPI handler on SQLite."""
