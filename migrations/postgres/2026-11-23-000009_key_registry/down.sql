DROP TABLE key_registry;
