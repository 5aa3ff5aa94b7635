-- The ids that ended up in a person, however long ago.
with recursive gone as (
    select person_id from identity.persons where merged_into = %(person_id)s::uuid
    union
    select earlier.person_id
    from gone
    join identity.persons as earlier on earlier.merged_into = gone.person_id
)
select person_id::text from gone order by 1
