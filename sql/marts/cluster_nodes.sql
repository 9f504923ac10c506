-- Nodes of AKS clusters: how many there are, whether their pools may have fewer, and what they cost.
-- grain: one row per cluster with a node
-- base_of: audits.underused_kubernetes_clusters
-- stored: whole
-- columns:
--   resource_id: Cluster, lower case.
--   node_count: Nodes of all its pools.
--   are_few: Whether each pool has as few nodes as it may have: its minimum where it scales by itself, else one.
--   node_cost: Billed cost of the scale sets in its node resource group in the last 30 complete days; of several currencies, the largest one.
--   node_cost_currency: Its currency.
with pools as (
    select
        cluster_id,
        sum(node_count)::int as node_count,
        bool_and(node_count <= case when is_autoscaled then greatest(minimum_count, 1) else 1 end) as are_few,
    from staging.kubernetes_agent_pools
    where node_count > 0
    group by cluster_id
),

costs as (
    select
        sets.sub_account_id,
        sets.resource_group_name as node_resource_group_name,
        savings.billing_currency as node_cost_currency,
        sum(savings.monthly_saving) as node_cost,
    from staging.scale_sets as sets
    inner join marts.resource_savings as savings using (resource_id)
    group by sets.sub_account_id, sets.resource_group_name, savings.billing_currency
    qualify row_number() over (
        partition by sets.sub_account_id, sets.resource_group_name
        order by sum(savings.monthly_saving) desc, savings.billing_currency
    ) = 1
)

select
    clusters.resource_id,
    pools.node_count,
    pools.are_few,
    costs.node_cost,
    costs.node_cost_currency,
from staging.kubernetes_clusters as clusters
inner join pools on clusters.resource_id = pools.cluster_id
left join costs using (sub_account_id, node_resource_group_name)
