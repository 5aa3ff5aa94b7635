-- The strata of a sample with what stewards said about their pairs. A pair of which a record was erased, and which nobody
-- answered, waits for nothing.
select
    stratum.stratum_no,
    stratum.low_bits,
    stratum.high_bits,
    stratum.joined,
    stratum.population,
    stratum.expected,
    count(*) filter (where verdict.answer = 'same') as same,
    count(*) filter (where verdict.answer = 'different') as different,
    count(*) filter (where verdict.answer = 'unsure') as unsure,
    count(pair.pair_id) filter (
        where verdict.answer is null
            and (
                select count(*) from raw.person_records where record_id in (pair.record_id_l, pair.record_id_r)
            ) = 2
    ) as open
from evaluation.strata as stratum
left join evaluation.pairs as pair using (sample_id, stratum_no)
left join evaluation.verdicts as verdict on verdict.pair_id = pair.pair_id
where stratum.sample_id = %(sample_id)s
group by
    stratum.stratum_no, stratum.low_bits, stratum.high_bits, stratum.joined, stratum.population, stratum.expected
order by stratum.stratum_no
