"""Parts of policy networks."""
