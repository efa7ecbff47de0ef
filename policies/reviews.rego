# How many approvals a change needs, of whom, and whether it has them. Amounts, places and sentences are data (reviews/data.json);
# this file says how they are read.
#
# input: { "subject": { "kind", "name" }, "tenant", "demands", "changes": [{ "class", "path" }], "findings": { "errors", "warnings" },
#          "contributors": [user id], "approvals": [{ "userId", "roles" }] }
# A rule of the data concerns a change when every condition it states holds: `class` is the change's, `path` a prefix of its JSON
# pointer; `kinds` and `tenants` narrow it to some subjects. The largest number any rule asks for counts, up to `requiredMax`.
package reviews

# METADATA
# description: The verdict, the rules that set the number, how many are needed and given, whose approval counts, and why.
# entrypoint: true
decision := {
	"allowed": allowed,
	"rules": [reason.rule | some reason in reasons],
	"required": required,
	"given": count(counting),
	"roles": data.reviews.approvals.roles,
	"reasons": reasons,
}

default allowed := false

# Without a subject there is nothing to allow; what the template policy refuses no approval allows.
allowed if {
	is_string(input.subject.kind)
	is_array(input.changes)
	is_array(input.contributors)
	input.findings.errors == 0
	count(counting) >= required
}

required := min([data.reviews.approvals.requiredMax, max(array.concat([data.reviews.approvals.required], [rule.required | some rule in concerning]))])

# One person is one approval, of somebody who may give it now and who contributed nothing.
counting contains approval.userId if {
	some approval in input.approvals
	not approval.userId in input.contributors
	some role in approval.roles
	role in data.reviews.approvals.roles
}

concerning := [rule |
	some rule in data.reviews.approvals.rules
	narrowed(rule)
	concerns_some_change(rule)
]

narrowed(rule) if {
	input.subject.kind in object.get(rule, "kinds", [input.subject.kind])
	input.tenant in object.get(rule, "tenants", [input.tenant])
}

concerns_some_change(rule) if {
	some change in input.changes
	object.get(rule, "class", change.class) == change.class
	below(change.path, object.get(rule, "path", ""))
}

below(_, "")

below(path, path)

below(path, prefix) if startswith(path, concat("", [prefix, "/"]))

reasons := [said(rule) | some rule in concerning] if count(concerning) > 0

reasons := [said(data.reviews.approvals.usual)] if count(concerning) == 0

said(rule) := {"rule": rule.rule, "message": rule.message}
