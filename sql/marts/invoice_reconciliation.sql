-- What each invoice is made of, for scopes whose charges name their invoice, so that its total can be checked.
-- grain: one row per billing account, billing profile, invoice and billing currency; charges of an account with invoices that are not on one yet are a row per month
-- source: invoices are in whole cents; Azure bills the fractions of its charges as a rounding adjustment
-- columns:
--   billing_account_id: Billing account.
--   x_billing_profile_id: Billing profile (Microsoft Customer Agreement); else null.
--   invoice_id: Number of the invoice; null for charges that are not invoiced yet.
--   invoice_issuer_name: Who issues it.
--   billing_month: Month of the charges, where they are not invoiced yet; else null.
--   first_date: First day with a charge (UTC).
--   last_date: Last day with a charge.
--   billing_currency: Currency of the amounts.
--   usage_cost: Usage, Marketplace usage included.
--   purchase_cost: Purchases.
--   refund_cost: Refunds, credits and corrections of invoiced periods, negative.
--   rounding_cost: Rounding adjustments.
--   tax_cost: Tax, where the source has it as a charge.
--   marketplace_cost: Part of the amounts above that other publishers charge.
--   billed_cost: All charges of the invoice, exact; the sum of usage, purchases, refunds, rounding and tax.
--   invoice_total: billed_cost in whole cents, to be compared with the paper.
--   unexplained_cents: billed_cost less invoice_total: 0 when Azure's rounding adjustment is among the charges.
--   charge_count: Charges on it.
with charges as (
    select
        *,
        billing_account_id in (select billing_account_id from marts.charges where invoice_id is not null) as has_invoices,
    from marts.charge_kinds
)

select
    billing_account_id,
    x_billing_profile_id,
    invoice_id,
    any_value(invoice_issuer_name) as invoice_issuer_name,
    case when invoice_id is null then billing_month end as billing_month,
    min(charge_period_start) as first_date,
    max(charge_period_start) as last_date,
    billing_currency,
    coalesce(sum(billed_cost) filter (where charge_kind in ('usage', 'unused_commitment')), 0) as usage_cost,
    coalesce(sum(billed_cost) filter (where charge_kind = 'purchase'), 0) as purchase_cost,
    coalesce(sum(billed_cost) filter (where charge_kind = 'refund'), 0) as refund_cost,
    coalesce(sum(billed_cost) filter (where charge_kind = 'adjustment'), 0) as rounding_cost,
    coalesce(sum(billed_cost) filter (where charge_kind = 'tax'), 0) as tax_cost,
    coalesce(sum(billed_cost) filter (where x_publisher_type = 'Marketplace'), 0) as marketplace_cost,
    coalesce(sum(billed_cost), 0) as billed_cost,
    round(coalesce(sum(billed_cost), 0), 2)::decimal(38, 2) as invoice_total,
    coalesce(sum(billed_cost), 0) - round(coalesce(sum(billed_cost), 0), 2)::decimal(38, 2) as unexplained_cents,
    count(*) as charge_count,
from charges
where invoice_id is not null or has_invoices
group by
    billing_account_id,
    x_billing_profile_id,
    invoice_id,
    case when invoice_id is null then billing_month end,
    billing_currency
