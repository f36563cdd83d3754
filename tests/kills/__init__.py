"""The kill test: the server is killed at random moments, and no viewer was ever shown what is not stored."""
