-- Records that fit everything asked for, by name and birth date (missing ones last), behind a place in that order.
-- Names come in two spellings: as standardised, and as typed, for sources whose values are passed through. The order is
-- that of the index of names, so that what very many records fit is read from it, as far as the limit goes.
with fitting as (
    select
        cleaned.record_id, member.person_id, cleaned.last_name, cleaned.first_name, cleaned.birth_date,
        cleaned.data_source, cleaned.source_person_id
    from cleaned.person_records as cleaned
    join identity.membership as member on member.record_id = cleaned.record_id
    where (
            %(last_name)s::text is null
            or (cleaned.last_name ~>=~ %(last_name)s and cleaned.last_name ~<~ %(last_name_end)s)
            or (cleaned.last_name ~>=~ %(last_name_typed)s and cleaned.last_name ~<~ %(last_name_typed_end)s)
        )
        and (
            %(first_name)s::text is null
            or (cleaned.first_name ~>=~ %(first_name)s and cleaned.first_name ~<~ %(first_name_end)s)
            or (cleaned.first_name ~>=~ %(first_name_typed)s and cleaned.first_name ~<~ %(first_name_typed_end)s)
        )
        and (
            %(birth_date)s::text is null
            or (cleaned.birth_date ~>=~ %(birth_date)s and cleaned.birth_date ~<~ %(birth_date_end)s)
        )
        and (%(data_source)s::text is null or cleaned.data_source = %(data_source)s)
        and (%(record_ids)s::bigint[] is null or cleaned.record_id = any (%(record_ids)s))
        and (%(person_ids)s::uuid[] is null or member.person_id = any (%(person_ids)s))
        and (%(person_id)s::uuid is null or member.person_id between %(person_id)s::uuid and %(person_id_end)s::uuid)
        and (
            %(after_person_id)s::uuid is null
            or cleaned.last_name ~>~ %(after_last_name)s
            or (cleaned.last_name is null and %(after_last_name)s::text is not null)
            or (
                cleaned.last_name is not distinct from %(after_last_name)s
                and (
                    cleaned.first_name ~>~ %(after_first_name)s
                    or (cleaned.first_name is null and %(after_first_name)s::text is not null)
                    or (
                        cleaned.first_name is not distinct from %(after_first_name)s
                        and (
                            cleaned.birth_date ~>~ %(after_birth_date)s
                            or (cleaned.birth_date is null and %(after_birth_date)s::text is not null)
                            or (
                                cleaned.birth_date is not distinct from %(after_birth_date)s
                                and member.person_id > %(after_person_id)s::uuid
                            )
                        )
                    )
                )
            )
        )
    order by
        cleaned.last_name using ~<~, cleaned.first_name using ~<~, cleaned.birth_date using ~<~, member.person_id,
        cleaned.record_id
    limit %(limit)s
)
select
    record_id, person_id::text, last_name, first_name, birth_date, data_source, source_person_id
from fitting
order by last_name using ~<~, first_name using ~<~, birth_date using ~<~, person_id, record_id
