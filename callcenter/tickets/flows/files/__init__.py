"""Files of requests: examined, kept under their hash."""
