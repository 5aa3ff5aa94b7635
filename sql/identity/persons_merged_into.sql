-- The ids that ended up in some persons, however long ago.
with recursive gone as (
    select merged_into as living_person_id, person_id
    from identity.persons
    where merged_into = any (%(person_ids)s::uuid[])
    union
    select gone.living_person_id, earlier.person_id
    from gone
    join identity.persons as earlier on earlier.merged_into = gone.person_id
)
select living_person_id::text, person_id::text from gone order by 1, 2
