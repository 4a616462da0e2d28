"""At the desk: who calls, and what is being typed."""
