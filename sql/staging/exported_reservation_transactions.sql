-- Purchases and refunds of reservations by files of exports, with normalised ids.
-- grain: one row per export and transaction
-- columns:
--   x_scope_id: The export (its resource id), or the address of its folder or file.
--   exported_month: First day of the calendar month that the export is about.
--   loaded_at: Instant of the load (UTC).
select
    _scope_id as x_scope_id,
    _month as exported_month,
    event_date,
    event_type,
    billing_month,
    lower(reservation_order_id) as reservation_order_id,
    reservation_order_name,
    arm_sku_name,
    region,
    term,
    billing_frequency,
    quantity,
    amount,
    upper(currency) as currency,
    monetary_commitment,
    overage,
    description,
    invoice_id,
    invoice_section_id,
    invoice_section_name,
    billing_profile_id,
    billing_profile_name,
    lower(purchasing_subscription_guid) as purchasing_subscription_guid,
    purchasing_subscription_name,
    purchasing_enrollment,
    current_enrollment_id,
    account_name,
    account_owner_email,
    cost_center,
    department_name,
    _loaded_at as loaded_at,
from raw.exported_reservation_transactions
