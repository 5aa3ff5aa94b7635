-- How many cases of each kind are open.
select kind, count(*)
from identity.review_cases
where status = 'open'
group by kind
order by kind
