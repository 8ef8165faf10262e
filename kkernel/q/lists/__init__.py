"""Lists: indexing, amending, joining, searching, sorting, grouping, attributes, enumerations."""
