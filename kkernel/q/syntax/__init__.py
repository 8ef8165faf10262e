"""Source text to nodes: logical lines, tokens, literals, the grammar."""
