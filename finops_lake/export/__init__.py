"""Views to files that other tools read. Reads the lake as everybody does; knows nothing of Azure."""
