-- The event store of one ledger in a PostgreSQL database: its tables, and the functions that write to them.
-- The role that runs this owns it. Others get rights as docs/how-to/postgresql.md says: a writer reads the tables and calls the
-- functions, an auditor reads. Nobody is given INSERT, UPDATE, DELETE or TRUNCATE.

CREATE SCHEMA comity;

-- which ledger this is, and the public key of its log; writers lock the one row
CREATE TABLE comity.ledger (
    one boolean PRIMARY KEY CHECK (one), version integer NOT NULL, origin text COLLATE "C" NOT NULL,
    founder bytea NOT NULL);

-- notification_id = leaf index + 1, given by comity.append and never by a sequence: a sequence has gaps
CREATE TABLE comity.stored_events (
    originator_id text COLLATE "C" NOT NULL, originator_version bigint NOT NULL CHECK (originator_version > 0),
    topic text COLLATE "C" NOT NULL, state bytea NOT NULL,
    notification_id bigint PRIMARY KEY CHECK (notification_id > 0), event_id text, metadata bytea,
    UNIQUE (originator_id, originator_version));

-- nodes: the hashes of the complete subtrees that end with this leaf, from height 1 up
CREATE TABLE comity.log_leaf (
    idx bigint PRIMARY KEY CHECK (idx >= 0), entry_id bytea NOT NULL UNIQUE CHECK (octet_length(entry_id) = 16),
    leaf bytea NOT NULL UNIQUE CHECK (octet_length(leaf) = 32),
    nodes bytea NOT NULL CHECK (octet_length(nodes) % 32 = 0));

CREATE TABLE comity.ciphertext (
    idx bigint NOT NULL, field text COLLATE "C" NOT NULL, digest text COLLATE "C" NOT NULL,
    key_id text COLLATE "C" NOT NULL, ciphertext bytea, PRIMARY KEY (idx, field));
CREATE INDEX ciphertext_key ON comity.ciphertext (key_id);

CREATE TABLE comity.order_reference (
    reference text COLLATE "C", order_id text COLLATE "C", PRIMARY KEY (reference, order_id));

-- the orders that an entry of order_id names as before or after it
CREATE TABLE comity.order_link (
    named text COLLATE "C", order_id text COLLATE "C", PRIMARY KEY (named, order_id));

-- Triggers against mistakes, as in SQLite. They fire ALWAYS: for a superuser too, and where a replica applies changes.

CREATE FUNCTION comity.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE FUNCTION comity.refuse_gap() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    low bigint; high bigint; many bigint; size bigint;
BEGIN
    SELECT min(notification_id), max(notification_id), count(*) INTO low, high, many FROM added;
    SELECT max(notification_id) INTO size FROM comity.stored_events;
    IF many > 0 AND (high - low + 1 <> many OR size <> high
        OR (low > 1 AND NOT EXISTS (SELECT FROM comity.stored_events WHERE notification_id = low - 1))
        OR EXISTS (SELECT FROM added a WHERE a.originator_version > 1 AND NOT EXISTS (
            SELECT FROM comity.stored_events e WHERE e.originator_id = a.originator_id
            AND e.originator_version = a.originator_version - 1 AND e.notification_id < a.notification_id))) THEN
        RAISE 'stored_events is append-only: not the next entry of the log, or of its order'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION comity.refuse_leaf_gap() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    low bigint; high bigint; many bigint; size bigint;
BEGIN
    SELECT min(idx), max(idx), count(*) INTO low, high, many FROM added;
    SELECT max(idx) INTO size FROM comity.log_leaf;
    IF many > 0 AND (high - low + 1 <> many OR size <> high
        OR (low > 0 AND NOT EXISTS (SELECT FROM comity.log_leaf WHERE idx = low - 1))
        OR NOT EXISTS (SELECT FROM comity.stored_events WHERE notification_id = high + 1)
        OR EXISTS (SELECT FROM added WHERE octet_length(nodes) > 32 * 62 -- one hash for each subtree that ends here
            OR (idx # (idx + 1)) <> (2::bigint << octet_length(nodes) / 32) - 1)) THEN
        RAISE 'log_leaf is append-only: not the next leaf' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

-- a ciphertext may be emptied, never changed
CREATE FUNCTION comity.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.ciphertext IS NOT NULL OR (NEW.idx, NEW.field, NEW.digest, NEW.key_id)
        IS DISTINCT FROM (OLD.idx, OLD.field, OLD.digest, OLD.key_id) THEN
        RAISE 'ciphertext is append-only' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

DO $$
DECLARE
    name text; rail text;
BEGIN
    FOREACH name IN ARRAY ARRAY['ledger', 'stored_events', 'log_leaf', 'order_reference', 'order_link', 'ciphertext'] LOOP
        EXECUTE format('CREATE TRIGGER no_truncate BEFORE TRUNCATE ON comity.%I EXECUTE FUNCTION comity.refuse()', name);
        EXECUTE format('CREATE TRIGGER no_change BEFORE UPDATE ON comity.%I FOR EACH ROW EXECUTE FUNCTION comity.%I()',
            name, CASE name WHEN 'ciphertext' THEN 'refuse_change' ELSE 'refuse' END);
        EXECUTE format('CREATE TRIGGER no_delete BEFORE DELETE ON comity.%I FOR EACH ROW EXECUTE FUNCTION comity.refuse()', name);
    END LOOP;
    CREATE TRIGGER no_gap AFTER INSERT ON comity.stored_events REFERENCING NEW TABLE AS added
        EXECUTE FUNCTION comity.refuse_gap();
    CREATE TRIGGER no_gap AFTER INSERT ON comity.log_leaf REFERENCING NEW TABLE AS added
        EXECUTE FUNCTION comity.refuse_leaf_gap();
    FOR name, rail IN SELECT tgrelid::regclass::text, tgname FROM pg_trigger
        WHERE NOT tgisinternal AND tgrelid IN (SELECT oid FROM pg_class WHERE relnamespace = 'comity'::regnamespace) LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER %I', name, rail);
    END LOOP;
END $$;

-- Take the write lock until the commit, and return the size of the log. Raises CM001 if the server would acknowledge a
-- commit before it is on disk.
CREATE FUNCTION comity.turn() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF current_setting('fsync') = 'off' OR current_setting('synchronous_commit') = 'off'
        OR (current_setting('synchronous_commit') = 'local' AND current_setting('synchronous_standby_names') <> '') THEN
        RAISE 'synchronous_commit is %, fsync is %', current_setting('synchronous_commit'), current_setting('fsync')
            USING ERRCODE = 'CM001';
    END IF;
    PERFORM FROM comity.ledger FOR UPDATE;
    RETURN (SELECT coalesce(max(idx) + 1, 0) FROM comity.log_leaf);
END $$;

-- Store entries with their leaves, ciphertexts, references and links, all or none. Positions count from 0 in this call.
CREATE FUNCTION comity.append(first bigint,
    orders text[], versions bigint[], topics text[], states bytea[], entries bytea[], leaves bytea[], nodes bytea[],
    positions bigint[], fields text[], digests text[], keys text[], ciphertexts bytea[],
    quoted text[], quoted_orders text[], named text[], naming text[])
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF comity.turn() IS DISTINCT FROM first THEN
        RAISE 'stored_events is append-only: the log has grown' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF EXISTS (SELECT FROM unnest(ARRAY[cardinality(versions), cardinality(topics), cardinality(states),
            cardinality(entries), cardinality(leaves), cardinality(nodes)]) AS u (n)
            WHERE n IS DISTINCT FROM cardinality(orders))
        OR EXISTS (SELECT FROM unnest(states, leaves) AS u (s, l) WHERE l IS DISTINCT FROM sha256(decode('00', 'hex') || s))
        OR EXISTS (SELECT FROM unnest(positions) AS u (p) WHERE p NOT BETWEEN 0 AND cardinality(orders) - 1) THEN
        RAISE 'an entry is stored with its own leaf, and ciphertexts with their entry'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    INSERT INTO comity.stored_events
        SELECT o, v, t, s, first + n FROM unnest(orders, versions, topics, states) WITH ORDINALITY AS u (o, v, t, s, n);
    INSERT INTO comity.log_leaf
        SELECT first + n - 1, e, l, h FROM unnest(entries, leaves, nodes) WITH ORDINALITY AS u (e, l, h, n);
    INSERT INTO comity.ciphertext
        SELECT first + p, f, d, k, c FROM unnest(positions, fields, digests, keys, ciphertexts) AS u (p, f, d, k, c);
    IF EXISTS (SELECT FROM unnest(quoted_orders || naming) AS u (o)
        WHERE NOT EXISTS (SELECT FROM comity.stored_events WHERE originator_id = o)) THEN
        RAISE 'there is no such order' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    INSERT INTO comity.order_reference SELECT DISTINCT * FROM unnest(quoted, quoted_orders) ON CONFLICT DO NOTHING;
    INSERT INTO comity.order_link SELECT DISTINCT * FROM unnest(named, naming) ON CONFLICT DO NOTHING;
END $$;

-- Remove the ciphertexts of a destroyed key.
CREATE FUNCTION comity.empty(key text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE comity.ciphertext SET ciphertext = NULL WHERE key_id = key;
$$;

-- The owner keeps the rights that the functions need. To take back the rest is a separate step.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA comity FROM PUBLIC;
REVOKE UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON ALL TABLES IN SCHEMA comity FROM CURRENT_USER;
GRANT UPDATE (one) ON comity.ledger TO CURRENT_USER; -- SELECT FOR UPDATE asks for it; the trigger refuses the rest
GRANT UPDATE (ciphertext) ON comity.ciphertext TO CURRENT_USER;
