"""Recorded responses: every layout that people have them in, read into one table."""
