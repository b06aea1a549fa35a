DROP TABLE setup_claims;
