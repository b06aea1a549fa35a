DROP TABLE usage_events;
DROP TABLE active_relationships;
DROP TABLE usage_counters;
