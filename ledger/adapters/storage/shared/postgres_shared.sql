-- What machines with one event store share besides its entries: the published heads and those seen of other logs, time
-- stamps, and the bytes received from other logs. Made with postgres.sql, or later by the role that owns those tables.
-- A role that may append or read entries may do the same here. The functions refuse a store that has moved.

-- log: empty for this log, else the origin hash of another one; at: the log's clock; cosigned: seconds since 1970
CREATE TABLE comity.head (
    n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, log text COLLATE "C" NOT NULL, digest text COLLATE "C" NOT NULL,
    size bigint NOT NULL, note bytea NOT NULL, at text COLLATE "C" NOT NULL, cosigned bigint, UNIQUE (log, digest));
CREATE INDEX head_size ON comity.head (log, size);

CREATE TABLE comity.token (
    n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, head text COLLATE "C" NOT NULL, authority text NOT NULL,
    digest text COLLATE "C" NOT NULL UNIQUE, reply bytea NOT NULL, at text COLLATE "C" NOT NULL);

-- path: as in the folder of a ledger with files, below foreign/ or registers/; change: grows with each change
CREATE SEQUENCE comity.received_change;
CREATE TABLE comity.received (
    path text COLLATE "C" PRIMARY KEY, content bytea NOT NULL,
    change bigint NOT NULL DEFAULT nextval('comity.received_change'));

-- the proof of a register entry is replaced by one that leads to a later head; nothing else changes
CREATE FUNCTION comity.refuse_received() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.path NOT LIKE 'registers/%' OR NEW.path IS DISTINCT FROM OLD.path THEN
        RAISE 'received is append-only' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['head', 'token', 'received'] LOOP
        EXECUTE format('CREATE TRIGGER no_truncate BEFORE TRUNCATE ON comity.%I EXECUTE FUNCTION comity.refuse()', name);
        EXECUTE format('CREATE TRIGGER no_delete BEFORE DELETE ON comity.%I FOR EACH ROW EXECUTE FUNCTION comity.refuse()', name);
        EXECUTE format('CREATE TRIGGER no_change BEFORE UPDATE ON comity.%I FOR EACH ROW EXECUTE FUNCTION comity.%I()',
            name, CASE name WHEN 'received' THEN 'refuse_received' ELSE 'refuse' END);
        EXECUTE format('ALTER TABLE comity.%I ENABLE ALWAYS TRIGGER no_truncate, ENABLE ALWAYS TRIGGER no_delete,'
            ' ENABLE ALWAYS TRIGGER no_change', name);
    END LOOP;
END $$;

-- Writers share this lock until their commit; a move takes it alone, so that it copies all that was written.
CREATE FUNCTION comity.share() RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtext('comity_shared'));
    IF to_regclass('comity.moved') IS NOT NULL THEN
        RAISE 'this store has moved' USING ERRCODE = 'CM002';
    END IF;
END $$;

-- quick: the commit does not wait for the disk
CREATE FUNCTION comity.keep_head(of_log text, digest text, size bigint, note bytea, at text, cosigned bigint, quick boolean)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM comity.share();
    IF quick THEN
        PERFORM set_config('synchronous_commit', 'off', true);
    END IF;
    INSERT INTO comity.head (log, digest, size, note, at, cosigned) VALUES (of_log, digest, size, note, at, cosigned)
        ON CONFLICT DO NOTHING;
END $$;

CREATE FUNCTION comity.keep_token(head text, authority text, digest text, reply bytea, at text)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM comity.share();
    INSERT INTO comity.token (head, authority, digest, reply, at) VALUES (head, authority, digest, reply, at)
        ON CONFLICT DO NOTHING;
END $$;

CREATE FUNCTION comity.keep_received(paths text[], contents bytea[], replacing boolean)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM comity.share();
    IF replacing THEN
        INSERT INTO comity.received AS r (path, content) SELECT * FROM unnest(paths, contents) AS u (p, c) ORDER BY p
            ON CONFLICT (path) DO UPDATE SET content = EXCLUDED.content, change = nextval('comity.received_change')
            WHERE r.content IS DISTINCT FROM EXCLUDED.content;
    ELSE
        INSERT INTO comity.received (path, content) SELECT * FROM unnest(paths, contents) AS u (p, c) ORDER BY p
            ON CONFLICT DO NOTHING;
    END IF;
END $$;

REVOKE ALL ON FUNCTION comity.refuse_received, comity.share, comity.keep_head, comity.keep_token, comity.keep_received
    FROM PUBLIC;
REVOKE UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON comity.head, comity.token, comity.received FROM CURRENT_USER;
GRANT UPDATE (content, change) ON comity.received TO CURRENT_USER; -- the trigger refuses all but registers

-- Roles that read or append entries already get the same rights here: the tables may be younger than the roles.
DO $$
DECLARE
    role oid;
BEGIN
    FOR role IN SELECT DISTINCT grantee FROM pg_class, aclexplode(relacl)
        WHERE oid = 'comity.log_leaf'::regclass AND privilege_type = 'SELECT' AND grantee <> 0 AND grantee <> relowner LOOP
        EXECUTE format('GRANT SELECT ON comity.head, comity.token, comity.received TO %s', role::regrole);
    END LOOP;
    FOR role IN SELECT DISTINCT grantee FROM pg_proc, aclexplode(proacl)
        WHERE pronamespace = 'comity'::regnamespace AND proname = 'append' AND grantee <> 0 AND grantee <> proowner LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION comity.keep_head, comity.keep_token, comity.keep_received TO %s',
            role::regrole);
    END LOOP;
END $$;
