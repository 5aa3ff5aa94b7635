-- Cases that ask something else than before.
create temporary table changed_cases (
    case_id bigint, kind text, reason text, priority double precision, max_match_weight double precision,
    max_match_probability double precision, person_count integer, record_count integer
) on commit drop
