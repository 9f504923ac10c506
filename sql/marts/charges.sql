-- Every charge in the lake, actual and amortized side by side, from the one source that counts for each subscription and month: the table that all cost answers read. After `set variable as_of = timestamptz '...'` it shows what was known then.
-- grain: one row per charge as its source tells charges apart; for the Cost Management query per scope, UTC day, subscription, resource, service and billing currency
-- like: charges.from_focus
select * from marts.charges_as_of(getvariable('as_of'))
