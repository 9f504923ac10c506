"""The only home of azure.*: clouds, sign-in, clients, waiting when throttled, Azure's errors made ours.

Callers use `clients` and `clouds`; importing those imports nothing of azure.*, which happens with the first
call (`sdk`, `policies`, `signin`, `translate`).
"""
