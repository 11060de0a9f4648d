DROP TABLE IF EXISTS subject_overrides;
