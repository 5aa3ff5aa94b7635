-- Stored predictions between compared records of different source identities, by whole bits of match weight.
select
    -- The whole bits above which the pair still is, thresholds being strict.
    least(greatest(ceil(prediction.match_weight) - 1, -100), 100)::integer as above_bits,
    count(*) as pairs,
    count(*) filter (where l.human_no = r.human_no) as right_pairs,
    count(*) filter (where prediction.match_probability > model.auto_threshold) as auto_pairs,
    count(*) filter (
        where prediction.match_probability > model.auto_threshold and l.human_no = r.human_no
    ) as auto_right_pairs
from matching.predictions as prediction
join matching.model using (model_id)
join compared as l on l.record_id = prediction.record_id_l
join compared as r on r.record_id = prediction.record_id_r
where l.identity_no <> r.identity_no
group by above_bits
order by above_bits
