"""Telling somebody in time: rules over what the lake knows, and webhooks that hear of it once."""
