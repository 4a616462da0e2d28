"""The supervisor's hands 班长: listen to talks, move waiting callers, change agents' states, write to desks."""
