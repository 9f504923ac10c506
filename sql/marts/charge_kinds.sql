-- Every charge with the kind of charge it is: by charges.kinds_of, with every column of marts.charges.
-- grain: one row per charge
-- like: marts.charges
-- columns:
--   charge_kind: usage, purchase, refund (also credits, and corrections of invoiced periods), unused_commitment, adjustment (rounding) or tax.
--   is_kind_inferred: True where the source does not name the kind, and it follows from the amounts.
from charges.kinds_of(source := 'marts.charges')
