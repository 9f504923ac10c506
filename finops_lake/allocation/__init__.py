"""Who pays by the user's own rules: virtual tags, and shared cost split among those who share it."""
