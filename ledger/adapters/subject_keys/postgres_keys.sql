-- The keys of data subjects of one ledger in a PostgreSQL database, which has nothing else in it: the tables of
-- schema.py. The role that runs this owns it; a writer gets the rights that docs/how-to/several-machines.md says.

CREATE SCHEMA comity_keys;

CREATE TABLE comity_keys.store (
    one boolean PRIMARY KEY CHECK (one), version integer NOT NULL, origin text COLLATE "C" NOT NULL);

CREATE TABLE comity_keys.subject_name (name text COLLATE "C" PRIMARY KEY, subject text COLLATE "C" NOT NULL);
CREATE TABLE comity_keys.subject_key (
    key_id text COLLATE "C" PRIMARY KEY, subject text COLLATE "C" NOT NULL, order_id text COLLATE "C" NOT NULL,
    secret bytea NOT NULL);
CREATE INDEX subject_key_subject ON comity_keys.subject_key (subject, order_id);
-- destroyed keys whose destruction the log does not state yet, with the values of that entry
CREATE TABLE comity_keys.destroyed_key (key_id text COLLATE "C" PRIMARY KEY, cause text, custodians text NOT NULL);
-- digests, keyed with `marking`, of name and order of an erased subject: finding the id of the key needs the name
CREATE TABLE comity_keys.erased (mark bytea PRIMARY KEY, key_id text COLLATE "C" NOT NULL);
CREATE TABLE comity_keys.marking (one integer PRIMARY KEY CHECK (one = 1), secret bytea NOT NULL);
-- keyed hashes of identifiers, with the key of the subject; and how many entries of the log have been read for them
CREATE TABLE comity_keys.indexed_value (
    hash bytea NOT NULL, key_id text COLLATE "C" NOT NULL, PRIMARY KEY (hash, key_id));
CREATE INDEX indexed_value_key ON comity_keys.indexed_value (key_id);
CREATE TABLE comity_keys.index_position (one integer PRIMARY KEY CHECK (one = 1), size bigint NOT NULL);
INSERT INTO comity_keys.index_position VALUES (1, 0);
-- which order a companion order belongs to; in the log this is a sealed value
CREATE TABLE comity_keys.companion (
    main text COLLATE "C" PRIMARY KEY, companion text COLLATE "C" NOT NULL UNIQUE);
