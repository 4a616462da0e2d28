"""Use cases of requests 工单: load, ask the rules, save, act."""
