"""The only home of mcp: thin tools over answers/, served over stdio.

Importing this package imports nothing of mcp; `run` and `build` do.
"""
