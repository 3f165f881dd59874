"""What an agent remembers of a place."""
