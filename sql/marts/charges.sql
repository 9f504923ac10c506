-- Every charge in the lake, actual and amortized side by side, whatever source it came from: the table that all cost answers read.
-- grain: one row per charge as its source tells charges apart; for the Cost Management query per scope, UTC day, resource, service and billing currency
select * from charges.from_focus
union all by name
select * from charges.from_query
