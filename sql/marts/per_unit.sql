-- What one of something costs: an amount divided by how many there are, exactly, rounded half away from zero to 12 decimals.
-- grain: one row
-- base_of: marts.unit_costs
-- parameters:
--   amount: Cost, as decimal.
--   units: How many, with at most nine decimals.
-- example: marts.per_unit(10.00, 3)
-- columns:
--   per_unit: Cost of one; null when either is missing, or there are none.
with whole_numbers as (
    select
        replace(nullif(units, 0)::decimal(38, 9)::varchar, '.', '')::hugeint as divisor,
        replace(amount::decimal(38, 12)::varchar, '.', '')::hugeint * 2000000000::hugeint as doubled,
),

divided as (
    select (doubled + sign(doubled) * divisor) // nullif(2 * divisor, 0) as quotient,
    from whole_numbers
)

select
    (
        case when quotient < 0 then '-' else '' end || (abs(quotient) // 1000000000000::hugeint)::varchar
        || '.' || lpad((abs(quotient) % 1000000000000::hugeint)::varchar, 12, '0')
    )::decimal(38, 12) as per_unit,
from divided
