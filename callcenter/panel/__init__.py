"""The panel's server side: web server, sign-in, roles, live stream, page frame."""
