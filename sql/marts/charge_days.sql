-- Cost of each day without its resources: a hundredth of the rows of marts.charges, kept ready for what looks at many days. Always what counts now: the variable as_of does not change it.
-- grain: one row per UTC day, subscription (or billing account, for charges without one), provider, service, resource type, region, meter, kind of charge and billing currency
-- stored: billing_month
-- like: marts.charges
-- columns:
--   billing_account_id: Account that receives the invoice, for charges without a subscription; else null.
--   charge_kind: usage, purchase, refund (also credits, and corrections of invoiced periods), unused_commitment, adjustment (rounding) or tax.
--   is_kind_inferred: True where the source does not name the kind, and it follows from the amounts.
--   billed_cost: Actual cost: what the invoice is made of, before tax. Null when not loaded.
--   effective_cost: Amortized cost. Null when not loaded. Never add it to billed_cost.
--   charge_count: How many rows of marts.charges the row stands for.
select
    charges.billing_month,
    charges.charge_period_start,
    charges.sub_account_id,
    case when charges.sub_account_id is null then charges.billing_account_id end as billing_account_id,
    charges.provider_name,
    charges.service_category,
    charges.service_name,
    charges.resource_type,
    charges.region_id,
    charges.sku_meter,
    charges.billing_currency,
    charges.charge_kind,
    charges.is_kind_inferred,
    sum(charges.billed_cost) as billed_cost,
    sum(charges.effective_cost) as effective_cost,
    count(*) as charge_count,
from marts.charge_kinds as charges
group by all
