-- Takes statistics of what a large load wrote (a role that may not leaves it to autovacuum).
analyze
    raw.person_records, matching.predictions,
    identity.persons, identity.membership, identity.events, identity.review_cases, identity.case_pairs
