-- Billing accounts the sign-in may read, with normalised ids.
-- grain: one row per billing account
-- columns:
--   billing_account_id: ARM id, lower case; can be set as one of the scopes to read cost of.
--   billing_account_name: Name given by its owner.
--   agreement_type: EnterpriseAgreement, MicrosoftCustomerAgreement, MicrosoftPartnerAgreement or MicrosoftOnlineServicesProgram.
--   account_type: Enterprise, Individual or Partner.
--   account_status: Active, Disabled, Terminated and others.
--   loaded_at: Instant of the listing (UTC).
select
    lower(id) as billing_account_id,
    display_name as billing_account_name,
    agreement_type,
    account_type,
    account_status,
    _loaded_at as loaded_at,
from raw.billing_accounts
