-- The user of a token, made known if new; seen again at most once a minute, so that reading writes nothing.
with known as (
    select user_id, role, data_sources, email, last_seen_at
    from access.users
    where issuer = %(issuer)s and subject = %(subject)s
), seen as (
    insert into access.users (issuer, subject, email, name)
    select %(issuer)s, %(subject)s, %(email)s, %(name)s
    where not exists (
        select from known where last_seen_at > now() - interval '1 minute' and email = %(email)s
    )
    on conflict (issuer, subject) do update
        set email = excluded.email, name = excluded.name, last_seen_at = now()
    returning user_id, role, data_sources
)
select user_id, role, data_sources from seen
union all
select user_id, role, data_sources from known where not exists (select from seen)
