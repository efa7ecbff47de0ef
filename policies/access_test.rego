package access_test

import data.access

user(roles) := {"kind": "user", "id": "u1", "roles": roles, "tenantId": "t1"}

asked(actor, action) := {"actor": actor, "action": action, "resource": {"kind": "any", "id": "1"}}

test_a_role_in_the_table_may if {
	access.decision.allowed with input as asked(user(["editor"]), "drafts.save")
}

test_a_role_not_in_the_table_may_not if {
	verdict := access.decision with input as asked(user(["reviewer"]), "drafts.save")
	verdict.allowed == false
	verdict.rules == ["access.no-role"]
	"editor" in verdict.roles
}

test_one_of_several_roles_is_enough if {
	access.decision.allowed with input as asked(user(["reviewer", "editor"]), "drafts.save")
}

test_no_roles_may_nothing_but_see_the_session if {
	not access.decision.allowed with input as asked(user([]), "templates.list")
	access.decision.allowed with input as asked(user([]), "session.read")
}

test_an_unknown_action_is_refused if {
	verdict := access.decision with input as asked(user(["admin"]), "templates.burn")
	verdict.allowed == false
	verdict.rules == ["access.unknown-action"]
	verdict.roles == []
}

test_another_tenants_resource_is_refused if {
	request := object.union(asked(user(["admin"]), "templates.read"), {"resource": {"kind": "template", "id": "1", "tenantId": "t2"}})
	verdict := access.decision with input as request
	verdict.allowed == false
	verdict.rules == ["access.other-tenant"]
}

test_the_own_tenants_resource_is_not if {
	request := object.union(asked(user(["admin"]), "templates.read"), {"resource": {"kind": "template", "id": "1", "tenantId": "t1"}})
	access.decision.allowed with input as request
}

# Whatever the table of members says, a person never holds what belongs to machines, and a machine never a person's role.
test_a_person_with_the_role_system_is_no_system if {
	not access.decision.allowed with input as asked(user(["system", "ci", "runner", "deployer", "observer", "host"]), "templates.publish")
}

test_a_token_with_a_persons_role_is_no_person if {
	actor := {"kind": "token", "id": "k1", "roles": ["admin"], "tenantId": "t1"}
	not access.decision.allowed with input as asked(actor, "drafts.save")
}

test_a_host_may_not_act_as_the_system if {
	actor := {"kind": "host", "id": "h1", "roles": ["system"], "tenantId": "t1"}
	not access.decision.allowed with input as asked(actor, "templates.publish")
}

test_the_system_may_publish if {
	actor := {"kind": "system", "id": "system:seed", "roles": ["system"], "tenantId": "t1"}
	access.decision.allowed with input as asked(actor, "templates.publish")
}

test_a_person_without_a_tenant_is_refused if {
	actor := {"kind": "user", "id": "u1", "roles": ["admin"], "tenantId": null}
	verdict := access.decision with input as asked(actor, "templates.list")
	verdict.allowed == false
	"access.no-tenant" in verdict.rules
}

# Publishing waits for reviews: until they exist, no person may.
test_no_person_may_publish if {
	every role in ["editor", "reviewer", "manager", "operator", "admin"] {
		not access.decision.allowed with input as asked(user([role]), "templates.publish")
	}
}

test_an_administrator_may_everything_a_person_may if {
	every action, roles in data.access.actions {
		not a_person_but_no_administrator(action, roles)
	}
}

a_person_but_no_administrator(_, roles) if {
	some role in roles
	role in {"editor", "reviewer", "manager", "operator"}
	not "admin" in roles
}

test_an_empty_request_is_refused if {
	access.decision.allowed == false with input as {}
}
