"""Proof: the history against a second witness, and against itself built anew."""
