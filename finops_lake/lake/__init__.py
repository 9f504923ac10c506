"""The lake: one DuckDB file that is written, one that people read, and private copies for our own readers.

The only home of `duckdb`; it knows sources and rows, nothing of Azure. `writer.Warehouse` loads and
publishes, `reader.LakeReader` answers.
"""
