"""Changes and reads Samba's directory files, beside the running server, as samba-tool does.

    domain.py SMB.CONF < STEPS

STEPS is a JSON array of [what, argument...]; the answers are printed as a JSON array:

    ["policy", threshold]               when the domain locks (30 minutes, counted for 30)
    ["user", name, password, {...}]     mail, must_change, disabled, expired; -> {dn, guid, sid}
    ["group", name, [members]]          -> {dn}
    ["look", name]                      -> {badPwdCount, lockoutTime, guid, ...}
    ["find", guid]                      the same
    ["join", group, name]
    ["unlock", name]
    ["password", name, password]
"""
import json
import sys

import ldb
from samba.auth import system_session
from samba.dcerpc import misc, security
from samba.ndr import ndr_unpack
from samba.param import LoadParm
from samba.samdb import SamDB

HALF_AN_HOUR = -30 * 60 * 10_000_000
NEVER = -0x8000000000000000
DOMAIN = "ad.example.test"


class Domain:
    def __init__(self, conf):
        lp = LoadParm()
        lp.load(conf)
        self.db = SamDB(url=lp.private_path("sam.ldb"), session_info=system_session(), lp=lp)

    def policy(self, threshold):
        message = ldb.Message(ldb.Dn(self.db, self.db.domain_dn()))
        for name, value in (("lockoutThreshold", threshold), ("lockoutDuration", HALF_AN_HOUR),
                            ("lockOutObservationWindow", HALF_AN_HOUR), ("maxPwdAge", NEVER),
                            ("minPwdAge", 0)):
            message[name] = ldb.MessageElement(str(value), ldb.FLAG_MOD_REPLACE, name)
        self.db.modify(message)

    def user(self, name, password, how=None):
        how = how or {}
        self.db.newuser(name, password, mailaddress=how.get("mail"),
                        force_password_change_at_next_login_req=how.get("must_change", False))
        match = f"(sAMAccountName={name})"
        if how.get("disabled"):
            self.db.disable_account(match)
        if how.get("expired"):
            self.db.setexpiry(match, 0)
        return self.look(name)

    def group(self, name, members):
        self.db.newgroup(name)
        self.db.add_remove_group_members(name, members, add_members_operation=True)
        return self.look(name)

    def look(self, name):
        return self._entry(f"(sAMAccountName={name})")

    def find(self, guid):
        return self._entry(f"(objectGUID={guid})")

    def join(self, group, name):
        self.db.add_remove_group_members(group, [name], add_members_operation=True)

    def _entry(self, match):
        found = self.db.search(base=self.db.domain_dn(), scope=ldb.SCOPE_SUBTREE, expression=match,
                               attrs=["objectGUID", "objectSid", "badPwdCount", "lockoutTime",
                                      "userPrincipalName", "sAMAccountName"])[0]
        return {"dn": str(found.dn), "name": str(found["sAMAccountName"][0]),
                "guid": str(ndr_unpack(misc.GUID, found["objectGUID"][0])),
                "sid": str(ndr_unpack(security.dom_sid, found["objectSid"][0])),
                "upn": str(found.get("userPrincipalName", idx=0)),
                "badPwdCount": int(found.get("badPwdCount", idx=0) or 0),
                "lockoutTime": int(found.get("lockoutTime", idx=0) or 0)}

    def unlock(self, name):
        self.db.unlock_account(f"(sAMAccountName={name})")

    def password(self, name, password):
        self.db.setpassword(f"(sAMAccountName={name})", password)


def main(conf):
    domain = Domain(conf)
    domain.db.transaction_start()
    answers = [getattr(domain, what)(*arguments) for what, *arguments in json.load(sys.stdin)]
    domain.db.transaction_commit()
    print(json.dumps(answers))


if __name__ == "__main__":
    main(*sys.argv[1:])
