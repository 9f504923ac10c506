"""Azure to Arrow: one module per raw table, each with its SOURCE and fetch().

`fetch(azure, chunk)` asks for one chunk and returns all of it as `Fetched`, or raises one of our errors; a
chunk of which only a part could be read is returned with `complete=False` and the reason.
"""
