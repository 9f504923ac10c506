-- When a reservation ends, its usage is billed at the price on demand.
-- title: Reservations about to end
-- severity: medium
-- category: rate
-- action: review
-- saving: at_stake
-- population: staging.reservations
-- fix: Renew it, or let it end on purpose.
-- source: Own rule: ends within 60 days, renew is off
select
    reservation_id as resource_id,
    'Ends within ' || coalesce(getvariable('expiry_days'), 60) || ' days, and is not renewed by itself.' as finding,
    true as is_of_the_bill,
    display_name as resource_name,
    sub_account_id,
    to_json({'expiry_date': expiry_date, 'sku_name': sku_name, 'term': term, 'utilization_30d': utilization_30d}) as evidence,
from staging.reservations
where
    state = 'succeeded'
    and not coalesce(is_renewed, false)
    and expiry_date::date between loaded_at::date and loaded_at::date + coalesce(getvariable('expiry_days'), 60)::int
