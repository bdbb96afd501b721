-- Who has a page open hears that an app is not what it was: its settings, its hold, its tags, what its poll says.

CREATE FUNCTION "tell_app"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  -- What changes all the time, or is told by an event.
  passing CONSTANT text[] := ARRAY['polled_at', 'next_poll_at', 'poll_failures', 'tags_fingerprint', 'event_seq',
    'event_hash', 'release_count', 'deployment_count', 'revision_count', 'live_slot', 'serving_deployment_id', 'gone_at'];
BEGIN
  IF TG_OP = 'INSERT' OR to_jsonb(NEW) - passing IS DISTINCT FROM to_jsonb(OLD) - passing THEN
    PERFORM pg_notify('tagship_app', NEW."name");
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER "apps_are_told" AFTER INSERT OR UPDATE ON "apps"
  FOR EACH ROW EXECUTE FUNCTION "tell_app"();

CREATE FUNCTION "tell_app_of_rows"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('tagship_app', a."name") FROM "apps" a WHERE a."id" IN (SELECT "app_id" FROM changed);
  RETURN NULL;
END $$;

CREATE TRIGGER "new_tags_are_told" AFTER INSERT ON "tags"
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION "tell_app_of_rows"();
CREATE TRIGGER "tag_changes_are_told" AFTER UPDATE ON "tags"
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION "tell_app_of_rows"();
CREATE TRIGGER "hosts_are_told" AFTER INSERT ON "hosts"
  REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION "tell_app_of_rows"();
