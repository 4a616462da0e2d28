"""The queue rule simulated: the hotline's own rules, event by event, for days that nobody has to live through."""
