package reviews_test

import data.reviews

request(changes, approvals) := {
	"subject": {"kind": "template", "name": "echo"},
	"tenant": "acme",
	"demands": "minor",
	"changes": changes,
	"findings": {"errors": 0, "warnings": 0},
	"contributors": ["author"],
	"approvals": approvals,
}

by(user) := {"userId": user, "roles": ["reviewer"]}

behaviour := {"class": "behaviour", "path": "/spec/prompt/system"}

test_one_approval_is_enough_for_an_ordinary_change if {
	verdict := reviews.decision with input as request([behaviour], [by("rui")])
	verdict.allowed
	verdict.required == 1
	verdict.given == 1
	verdict.rules == ["reviews.usual"]
	verdict.roles == ["reviewer", "admin"]
}

test_without_approval_nothing_is_allowed if {
	verdict := reviews.decision with input as request([behaviour], [])
	verdict.allowed == false
	verdict.given == 0
}

test_an_administrators_approval_counts if {
	reviews.decision.allowed with input as request([], [{"userId": "ada", "roles": ["admin"]}])
}

test_an_approval_of_somebody_who_is_no_reviewer_any_more_does_not_count if {
	verdict := reviews.decision with input as request([behaviour], [{"userId": "rui", "roles": ["editor", "manager", "operator"]}])
	verdict.allowed == false
	verdict.given == 0
}

test_a_contributors_approval_does_not_count if {
	verdict := reviews.decision with input as request([behaviour], [by("author")])
	verdict.allowed == false
	verdict.given == 0
}

test_one_person_is_one_approval if {
	verdict := reviews.decision with input as request([{"class": "permission", "path": "/spec/tools/0"}], [by("rui"), by("rui")])
	verdict.allowed == false
	verdict.given == 1
	verdict.required == 2
}

test_a_permission_needs_two if {
	verdict := reviews.decision with input as request([behaviour, {"class": "permission", "path": "/spec/tools/0"}], [by("rui"), by("ada")])
	verdict.allowed
	verdict.required == 2
	verdict.rules == ["reviews.permission"]
	verdict.reasons[0].message.en != ""
	verdict.reasons[0].message.fr != ""
}

# Losing a secret or a host is no permission, and still somebody's business.
test_a_place_needs_two_whatever_the_class if {
	every path in ["/spec/secrets", "/spec/secrets/0", "/spec/sandbox/network", "/spec/sandbox/network/egress"] {
		verdict := reviews.decision with input as request([{"class": "behaviour", "path": path}], [by("rui")])
		verdict.required == 2
		verdict.allowed == false
	}
}

test_a_path_is_a_prefix_of_whole_steps if {
	verdict := reviews.decision with input as request([{"class": "behaviour", "path": "/spec/secretsauce"}], [by("rui")])
	verdict.required == 1
}

test_the_largest_number_counts_and_is_bounded if {
	rules := [{"rule": "a", "required": 2, "message": {}}, {"rule": "b", "required": 9, "message": {}}]
	verdict := reviews.decision with input as request([behaviour], []) with data.reviews.approvals.rules as rules
	verdict.required == 3
	verdict.rules == ["a", "b"]
}

narrowed_to(narrowing) := [object.union({"rule": "a", "required": 2, "message": {}}, narrowing)]

test_a_rule_may_be_for_some_tenants_and_kinds if {
	here := reviews.decision with input as request([behaviour], []) with data.reviews.approvals.rules as narrowed_to({"tenants": ["acme"], "kinds": ["template"]})
	here.required == 2
	elsewhere := reviews.decision with input as request([behaviour], []) with data.reviews.approvals.rules as narrowed_to({"tenants": ["globex"]})
	elsewhere.required == 1
	other := reviews.decision with input as request([behaviour], []) with data.reviews.approvals.rules as narrowed_to({"kinds": ["policy"]})
	other.required == 1
}

test_no_approval_allows_what_the_template_policy_refuses if {
	refused := object.union(request([behaviour], [by("rui")]), {"findings": {"errors": 1, "warnings": 0}})
	reviews.decision.allowed == false with input as refused
}

test_an_empty_request_is_refused if {
	reviews.decision.allowed == false with input as {}
}
