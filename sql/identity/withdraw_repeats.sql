-- How many read objects delivered content that was known before: which rows these were is not kept.
select count(*)
from intake.arrivals
where rows_known > 0
