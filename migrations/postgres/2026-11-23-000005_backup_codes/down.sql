DROP TABLE backup_codes;
DROP TABLE backup_code_sets;
