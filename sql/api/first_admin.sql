-- Make a user admin if there is none; the caller holds the lock on the table.
update access.users
set role = 'admin'
where user_id = %(user_id)s and not exists (select from access.users where role = 'admin')
returning role
