-- The guards of logs in a PostgreSQL database of their own. The role that runs this owns it; a writer gets the rights
-- to read, insert and update, as docs/how-to/several-machines.md says.

CREATE SCHEMA comity_guard;

CREATE TABLE comity_guard.guard_schema (one boolean PRIMARY KEY CHECK (one), version integer NOT NULL);

-- value: the last signed state of a log, and whether the guard is closed (ledger/adapters/guard/signed_state.py)
CREATE TABLE comity_guard.guard (
    origin text COLLATE "C" PRIMARY KEY, size bigint NOT NULL CHECK (size >= 0), value bytea NOT NULL);

-- Against mistakes, for a superuser too: a guard moves only forward, and stays.
CREATE FUNCTION comity_guard.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.size >= OLD.size AND NEW.origin = OLD.origin THEN
        RETURN NEW;
    END IF;
    RAISE 'a guard moves only forward, and stays' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER forward BEFORE UPDATE OR DELETE ON comity_guard.guard
    FOR EACH ROW EXECUTE FUNCTION comity_guard.refuse();
CREATE TRIGGER stays BEFORE TRUNCATE ON comity_guard.guard EXECUTE FUNCTION comity_guard.refuse();
ALTER TABLE comity_guard.guard ENABLE ALWAYS TRIGGER forward, ENABLE ALWAYS TRIGGER stays;
