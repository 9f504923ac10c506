"""Question to Answer: plain functions over the lake's views; no MCP, no printing, no Azure.

The SQL of every answer stands in it as it ran, with its values written out, so that it runs as it stands in the
DuckDB shell. Python carries the rows; sums, shares and rules are the views'.
"""
