"""Refreshes by the clock; the only home of apscheduler, which is imported when a trigger is first needed.

Every process works out the same instants at which a job is due, and the journal lets one of them begin each: any number
of servers and schedulers on one home refresh as often as one would.
"""
