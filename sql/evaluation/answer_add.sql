-- What a steward says about a pair; no row when there is no such pair.
insert into evaluation.answers (pair_id, answer, actor, note)
select pair_id, %(answer)s, %(actor)s, %(note)s
from evaluation.pairs
where pair_id = %(pair_id)s
returning answer_id
