-- Takes the notes out of answers to evaluation questions about some records; the answers stay.
update evaluation.answers as answer
set note = null
from evaluation.pairs as pair
where pair.pair_id = answer.pair_id
    and answer.note is not null
    and (pair.record_id_l = any (%(record_ids)s) or pair.record_id_r = any (%(record_ids)s))
