"""The steward's page: work list, case, persons, figures. Server-rendered HTML over the functions of the other rooms.

No decision is worked out here, and nothing but a button's convenience needs the script: forms go to the server, which
answers with a page. What is searched for never stands in an address; each read of person data is audited.
"""
