"""What happens to a request: opened, moved, shown with its history."""
