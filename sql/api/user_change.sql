-- Give a user a role, and data sources where asked; the caller holds the lock on the table.
update access.users
set
    role = %(role)s,
    data_sources = case when %(change_sources)s then %(data_sources)s::text[] else data_sources end
where user_id = %(user_id)s
returning user_id
