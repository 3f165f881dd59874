"""What is asked of an agent, one task per file."""
