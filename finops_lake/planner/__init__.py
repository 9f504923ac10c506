"""What a refresh asks Azure for, decided before the first call: what is due, of whom, and how long it takes."""
