"""A local Azure: an HTTPS server on the loopback that speaks the real REST wire over an invented company.

Everything is made from a seed; what was planted is written in a ledger of truth, so that answers can be checked.
"""
