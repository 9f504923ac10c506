-- Every charge with the local budgets that count it: their filters are in configured terms, virtual tags among them. A
--   refresh makes this view anew from [[budgets]] in config.toml.
-- grain: one row per charge
-- like: charges.from_focus
-- columns:
--   local_budget_ids: Local budgets that count the charge.
--   untold_budget_ids: Local budgets of whose filter it cannot be told whether it holds.
select
    charges.*,
    []::varchar[] as local_budget_ids,
    []::varchar[] as untold_budget_ids,
from marts.charges_as_of(null::timestamptz) as charges
