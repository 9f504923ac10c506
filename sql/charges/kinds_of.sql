-- The charges of a relation with the kind of charge each is, so that purchases, refunds and rounding never pass for usage.
-- grain: one row per charge
-- source: FOCUS ChargeCategory and ChargeClass, Azure's ChargeType; where the source gives neither (the Cost
--   Management query), what is billed without being amortized was bought, and what is negative was given back
-- parameters:
--   source: What to read: 'marts.charges', or 'charges.counted', which has fewer columns.
-- like: raw.focus_charges
-- example: charges.kinds_of(source := 'charges.counted')
-- columns:
--   charge_kind: usage, purchase, refund (also credits, and corrections of invoiced periods), unused_commitment, adjustment (rounding) or tax.
--   is_kind_inferred: True where the source does not name the kind, and it follows from the amounts.
select
    charges.*,
    case
        when charges.x_charge_type = 'Refund' then 'refund'
        when charges.charge_category = 'Credit' or charges.charge_class = 'Correction' then 'refund'
        when charges.charge_category = 'Tax' then 'tax'
        when charges.charge_category = 'Adjustment' then 'adjustment'
        when charges.charge_category = 'Purchase' then 'purchase'
        when charges.commitment_discount_status = 'Unused' then 'unused_commitment'
        when charges.charge_category is not null then 'usage'
        when coalesce(charges.billed_cost, charges.effective_cost) < 0 then 'refund'
        when charges.billed_cost > 0 and charges.effective_cost = 0 then 'purchase'
        when charges.resource_id is null and charges.billed_cost > charges.effective_cost then 'purchase'
        when charges.resource_id is null and charges.billed_cost = 0 and charges.effective_cost > 0 then 'unused_commitment'
        else 'usage'
    end as charge_kind,
    charges.charge_category is null as is_kind_inferred,
from query_table(source) as charges
