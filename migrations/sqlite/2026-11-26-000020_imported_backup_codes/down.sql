DROP TRIGGER backup_code_sets_stand_alone;
DROP TABLE imported_backup_codes;
