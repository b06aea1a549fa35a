-- What a server without more thought would send for each turn of one organization.
UPDATE usage_periods SET turns_consumed = turns_consumed + 1 WHERE organization_id = :organization AND environment = 'live' AND period_start = 0 AND turns_recorded + turns_consumed < 1000000000 RETURNING turns_recorded + turns_consumed;
