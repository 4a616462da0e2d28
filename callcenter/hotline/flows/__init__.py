"""Use cases of the hotline: load, ask the rules, save, act."""
