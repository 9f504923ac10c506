-- Every charge that counts now with its kind, in the columns that most questions need: marts.charge_kinds in a third of its columns, planned in half the time. The variable as_of does not change it.
-- grain: one row per charge
-- like: marts.charge_kinds
from charges.kinds_of(source := 'charges.counted')
