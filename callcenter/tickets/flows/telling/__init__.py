"""Telling people: notices on their pages, a digest by mail."""
