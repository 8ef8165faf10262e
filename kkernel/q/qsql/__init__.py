"""Queries: parse trees, phrases, groups, select exec update delete."""
