"""The log, the drafts, and the hub that shows both to every viewer."""
