"""Import and export: data folders to files of the API's own objects, and back (docs/import.md)."""
