"""The user's part of an audit: exclusions, and checks of their own."""
