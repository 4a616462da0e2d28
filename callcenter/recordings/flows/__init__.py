"""Use cases of recordings: sealing, keeping, holding, hearing."""
