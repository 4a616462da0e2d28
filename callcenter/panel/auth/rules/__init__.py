"""What signing in is decided by: pure, `now` is an argument."""
