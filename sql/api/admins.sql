-- The admins.
select user_id from access.users where role = 'admin'
