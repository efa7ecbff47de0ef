# Who may do what. The table of actions and roles is data (access/data.json); this file says how it is read.
#
# input: { "actor": { "kind", "id", "roles", "tenantId" }, "action", "resource": { "kind", "id", "tenantId"? } }
# An actor acts inside its own tenant only; a role counts only for the kind of actor it belongs to.
package access

# METADATA
# description: The verdict, the rules that led to it and the roles that could.
# entrypoint: true
decision := {"allowed": allowed, "rules": rules, "roles": roles}

default allowed := false

allowed if {
	count(refusals) == 0
	count(granting) > 0
}

# What a request leaves out is the empty action, and no tenant.
default action := ""

action := input.action

default tenant := null

tenant := input.actor.tenantId

default roles := []

roles := data.access.actions[action]

# A person's roles are given by a tenant; what only machines may be is never given to a person, whatever the table of members says.
kind_of_role := {
	"ci": "token",
	"runner": "token",
	"deployer": "token",
	"observer": "token",
	"host": "host",
	"system": "system",
}

counts(role) if kind_of_role[role] == input.actor.kind

counts(role) if {
	not kind_of_role[role]
	input.actor.kind == "user"
}

held contains role if {
	some role in input.actor.roles
	counts(role)
}

# Every signed-in member of a tenant, whatever else they are.
held contains "member" if {
	input.actor.kind == "user"
	is_string(tenant)
}

granting contains role if {
	some role in roles
	role in held
}

refusals contains "access.unknown-action" if not data.access.actions[action]

refusals contains "access.other-tenant" if {
	input.resource.tenantId != null
	input.resource.tenantId != tenant
}

# People and tokens always act for a tenant.
refusals contains "access.no-tenant" if {
	input.actor.kind in {"user", "token"}
	not is_string(tenant)
}

rules := sort([rule | some rule in refusals]) if count(refusals) > 0

rules := ["access.no-role"] if {
	count(refusals) == 0
	count(granting) == 0
}

rules := sort([concat(".", ["access.role", role]) | some role in granting]) if {
	count(refusals) == 0
	count(granting) > 0
}
