"""What the dialplan is told, live and from the snapshot."""
