"""Values as text and text as values: console forms, casts, tok."""
