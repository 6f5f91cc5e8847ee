-- Whoever is blocked passes nothing any more, nor what was sent to an address that is no longer the user's.
-- compatible_from: 20
CREATE OR REPLACE FUNCTION challenge_follows_user() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE challenge SET status = 'cancelled', updated_at = NEW.updated_at, revision = revision + 1
    WHERE user_id = NEW.id AND status IN ('pending', 'exchanging', 'returned', 'verified')
      AND (NEW.status = 'blocked' OR mechanism IN ('email_otp', 'email_sms_otp'));
    RETURN NULL;
END $$;
DROP TRIGGER user_account_challenges ON user_account;
CREATE TRIGGER user_account_challenges AFTER UPDATE OF status, email ON user_account
    FOR EACH ROW WHEN (NEW.status = 'blocked' AND OLD.status <> 'blocked' OR NEW.email <> OLD.email)
    EXECUTE FUNCTION challenge_follows_user();
