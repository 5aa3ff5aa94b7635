-- Cases about persons who own a record with the values asked for; names and dates compare without regard to case.
select distinct pair.case_id
from raw.person_records as record
join identity.membership as mine on mine.record_id = record.record_id
join identity.membership as member on member.person_id = mine.person_id
join identity.case_pairs as pair on member.record_id in (pair.record_id_l, pair.record_id_r)
where (%(data_source)s::text is null or record.data_source = %(data_source)s)
    and (%(source_person_id)s::text is null or record.source_person_id = %(source_person_id)s)
    and (%(first_name)s::text is null or strpos(lower(record.first_name), lower(%(first_name)s)) > 0)
    and (%(last_name)s::text is null or strpos(lower(record.last_name), lower(%(last_name)s)) > 0)
    and (%(birth_date)s::text is null or starts_with(record.birth_date, %(birth_date)s))
    and (%(person_id)s::text is null or starts_with(mine.person_id::text, lower(%(person_id)s)))
    and (%(record_id)s::bigint is null or record.record_id = %(record_id)s)
