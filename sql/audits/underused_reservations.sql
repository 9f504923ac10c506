-- Reservations of which less than four fifths are used cost more than they save.
-- title: Underused reservations
-- severity: medium
-- category: rate
-- action: review
-- saving: at_stake
-- population: staging.reservations
-- fix: Widen its scope, exchange or refund it; the money is that of its unused part.
-- source: Azure: utilization over 30 days; under 80 percent it needs attention
select
    reservations.reservation_id as resource_id,
    'Used to ' || round(reservations.utilization_30d, 1)::decimal(9, 1) || ' percent over 30 days.' as finding,
    true as is_of_the_bill,
    reservations.display_name as resource_name,
    reservations.sub_account_id,
    to_json({'utilization_30d': reservations.utilization_30d, 'utilization_7d': reservations.utilization_7d, 'sku_name': reservations.sku_name}) as evidence,
from staging.reservations as reservations
where reservations.state = 'succeeded' and reservations.utilization_30d < coalesce(getvariable('minimum_utilization'), 80)
