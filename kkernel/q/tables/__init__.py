"""Tables: rows, keys and joins."""
