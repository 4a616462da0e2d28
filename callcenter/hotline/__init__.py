"""The floor as it is now, calls, queue rule, agents, callbacks."""
