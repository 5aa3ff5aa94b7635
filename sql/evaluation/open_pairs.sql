-- Pairs that wait for an answer, in the order to ask: their two records as delivered, and nothing of what the index thinks.
select
    pair.pair_id, pair.sample_id, l.record_id, r.record_id,
    array[
        l.data_source, l.source_person_id, l.first_name, l.last_name, l.sex, l.race, l.birth_date, l.death_date,
        l.social_security_number, l.address, l.city, l.state, l.zip_code, l.county, l.phone
    ] as left_values,
    array[
        r.data_source, r.source_person_id, r.first_name, r.last_name, r.sex, r.race, r.birth_date, r.death_date,
        r.social_security_number, r.address, r.city, r.state, r.zip_code, r.county, r.phone
    ] as right_values
from evaluation.pairs as pair
join raw.person_records as l on l.record_id = pair.record_id_l
join raw.person_records as r on r.record_id = pair.record_id_r
where (%(pair_id)s::bigint is null or pair.pair_id = %(pair_id)s)
    and (%(sample_id)s::bigint is null or pair.sample_id = %(sample_id)s)
    and (
        %(pair_id)s::bigint is not null
        or not exists (select from evaluation.answers as answer where answer.pair_id = pair.pair_id)
    )
order by pair.pair_id
limit %(limit)s
