-- Advisor's cost recommendations; several look-backs and terms of one advice are alternatives, never to be added.
-- grain: one row per recommendation
-- columns:
--   recommendation_id: Full ARM id, lower case.
--   sub_account_id: Subscription, /subscriptions/<guid>.
--   recommendation_name: Its guid; the same advice keeps it.
--   recommendation_type_id: Kind of advice, lower case.
--   impact: high, medium or low.
--   resource_id: Resource it is about, lower case; the subscription for commitments.
--   resource_type: Type of what it is about, lower case.
--   problem: What Advisor says is wrong.
--   solution: What Advisor says to do.
--   annual_savings_amount: Saving of a year at retail price, negotiated prices and reservations left aside.
--   monthly_savings_amount: Saving of a month at retail price, as Advisor rounds it.
--   savings_currency: Currency of both; often USD whatever is billed.
--   lookback_days: Days looked back on.
--   term: P1Y or P3Y of a commitment.
--   commitment_scope: single or shared, for a commitment.
--   quantity: Units to commit to.
--   target_sku: Size to change to, or to commit to.
--   current_sku: Size it has.
--   recommended_action: Shutdown, SkuChange, ..., where it is about a size.
--   is_commitment: Whether it advises a reservation or savings plan.
--   is_suppressed: Whether somebody dismissed or postponed it.
--   alternative_rank: 1 for the greatest saving among the alternatives of one advice (same subject and kind).
--   last_updated_at: Instant of its latest evaluation (UTC).
--   valid_from: Instant of the load since which the lake knows the row as it is (UTC).
--   loaded_at: Instant of the listing (UTC).
select
    lower(id) as recommendation_id,
    _scope_id as sub_account_id,
    name as recommendation_name,
    lower(recommendation_type_id) as recommendation_type_id,
    lower(impact) as impact,
    lower(resource_id) as resource_id,
    lower(impacted_type) as resource_type,
    problem,
    solution,
    annual_savings_amount,
    monthly_savings_amount,
    savings_currency,
    try_cast(lookback_period as int) as lookback_days,
    term,
    lower(commitment_scope) as commitment_scope,
    quantity,
    coalesce(target_sku, extended_properties ->> '$.sku') as target_sku,
    current_sku,
    recommended_action,
    term is not null as is_commitment,
    suppression_ids is not null as is_suppressed,
    row_number() over (
        partition by
            lower(resource_id), lower(recommendation_type_id), commitment_scope, extended_properties ->> '$.region',
            coalesce(target_sku, extended_properties ->> '$.sku')
        order by annual_savings_amount desc nulls last, id
    )::int as alternative_rank,
    last_updated_at,
    _loaded_at as valid_from,
    listed.last_success_at as loaded_at,
from raw.advisor_recommendations as items
left join meta.last_success as listed on listed.table_name = 'advisor_recommendations' and listed.scope_id = items._scope_id
