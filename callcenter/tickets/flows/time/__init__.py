"""Working time: calendars, clocks, reminders, and what is done by the clock."""
