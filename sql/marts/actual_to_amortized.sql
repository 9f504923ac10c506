-- Why actual and amortized cost of a month differ: the bridge from one to the other, which adds up exactly.
-- grain: one row per calendar month, subscription (or billing account, for charges without one) and billing currency
-- source: actual cost shows commitments as purchases and what they cover as free; amortized cost spreads them over what
--   they cover, and shows what nothing used
-- columns:
--   billing_month: First day of the calendar month (UTC).
--   sub_account_id: Subscription, /subscriptions/<guid>; null for charges of a billing account alone.
--   billing_account_id: Billing account of charges without a subscription; else null.
--   billing_currency: Currency of the amounts.
--   has_both: Whether both readings of all charges are in the lake; without, everything from difference on is null.
--   billed_cost: Actual cost; null when not loaded.
--   effective_cost: Amortized cost; null when not loaded.
--   difference: effective_cost less billed_cost; the sum of the columns below, exactly.
--   purchases: Less what was bought and is spread over its term; negative.
--   refunds: Plus what was given back for such purchases; positive where a refund is billed and not amortized.
--   covered_use: Plus use that a commitment covers, which actual cost shows as free.
--   unused_commitment: Plus what of commitments nothing used.
--   rounding: Rounding adjustments, and differences below a cent on one charge without a commitment.
--   not_told_apart: The rest, which the source does not tell apart; 0 where it names each charge's kind and commitment.
--   is_kind_inferred: True where kinds of charges follow from the amounts, because the source does not name them.
with charges as (
    select
        billing_month,
        sub_account_id,
        case when sub_account_id is null then billing_account_id end as billing_account_id,
        billing_currency,
        billed_cost,
        effective_cost,
        effective_cost - billed_cost as difference,
        is_kind_inferred,
        case
            when effective_cost = billed_cost then null
            when charge_kind = 'purchase' then 'purchases'
            when charge_kind = 'refund' then 'refunds'
            when charge_kind = 'unused_commitment' then 'unused_commitment'
            when charge_kind = 'adjustment' then 'rounding'
            when charge_kind <> 'usage' then 'not_told_apart'
            when commitment_discount_id is not null or pricing_category = 'Committed' then 'covered_use'
            when abs(effective_cost - billed_cost) < 0.01 and billed_cost <> 0 then 'rounding'
            when is_kind_inferred and resource_id is not null and effective_cost > billed_cost then 'covered_use'
            else 'not_told_apart'
        end as part,
    from marts.charge_kinds
),

sums as (
    select
        billing_month,
        sub_account_id,
        billing_account_id,
        billing_currency,
        count(*) = count(billed_cost) and count(*) = count(effective_cost) as has_both,
        sum(billed_cost) as billed_cost,
        sum(effective_cost) as effective_cost,
        coalesce(sum(difference), 0) as difference,
        coalesce(sum(difference) filter (where part = 'purchases'), 0) as purchases,
        coalesce(sum(difference) filter (where part = 'refunds'), 0) as refunds,
        coalesce(sum(difference) filter (where part = 'covered_use'), 0) as covered_use,
        coalesce(sum(difference) filter (where part = 'unused_commitment'), 0) as unused_commitment,
        coalesce(sum(difference) filter (where part = 'rounding'), 0) as rounding,
        coalesce(sum(difference) filter (where part = 'not_told_apart'), 0) as not_told_apart,
        bool_or(is_kind_inferred) as is_kind_inferred,
    from charges
    group by all
)

select
    billing_month,
    sub_account_id,
    billing_account_id,
    billing_currency,
    has_both,
    billed_cost,
    effective_cost,
    case when has_both then difference end as difference,
    case when has_both then purchases end as purchases,
    case when has_both then refunds end as refunds,
    case when has_both then covered_use end as covered_use,
    case when has_both then unused_commitment end as unused_commitment,
    case when has_both then rounding end as rounding,
    case when has_both then not_told_apart end as not_told_apart,
    is_kind_inferred,
from sums
