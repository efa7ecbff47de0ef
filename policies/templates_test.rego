package templates_test

import data.templates

measured := {"timeoutMs": 30000, "maxAttempts": 3, "concurrency": 20, "cpuMillis": 500, "memoryBytes": 268435456}

asked(spec) := {"manifest": {"spec": object.union({"driver": "node"}, spec)}, "measured": measured}

over(name, value) := {"manifest": {"spec": {"driver": "node"}}, "measured": object.union(measured, {name: value})}

# The decision as pairs of place and rule; its messages exist in both languages.
pairs(decision) := {[finding.pointer, finding.rule] |
	some finding in decision.findings
	finding.message.en != ""
	finding.message.fr != ""
}

refused(request, pointer, rule) if {
	verdict := templates.decision with input as request
	verdict.allowed == false
	verdict.rules == [rule]
	pairs(verdict) == {[pointer, rule]}
}

test_an_ordinary_template_passes if {
	verdict := templates.decision with input as asked({"sandbox": {"network": {"egress": ["api.example.com"]}, "filesystem": "read-only", "syscalls": "default"}})
	verdict == {"allowed": true, "rules": [], "findings": []}
}

test_an_empty_input_is_refused if {
	verdict := templates.decision with input as {}
	verdict.allowed == false
}

test_a_wildcard_host_is_refused_at_its_place if {
	refused(asked({"sandbox": {"network": {"egress": ["a.example", "*.example"]}}}), "/spec/sandbox/network/egress/1", "egress.no-wildcard")
}

test_a_wildcard_host_of_a_plugin_is_refused if {
	plugin := {"name": "t", "plugin": {"permissions": {"network": ["*"], "filesystem": "none"}}}
	refused(asked({"tools": [plugin]}), "/spec/tools/0/plugin/permissions/network/0", "egress.no-wildcard")
}

test_hosts_are_bounded if {
	hosts := [concat("", ["h", format_int(n, 10), ".example"]) | some n in numbers.range(1, 17)]
	refused(asked({"sandbox": {"network": {"egress": hosts}}}), "/spec/sandbox/network/egress", "egress.too-many-hosts")
	fewer := templates.decision with input as asked({"sandbox": {"network": {"egress": array.slice(hosts, 0, 16)}}})
	fewer.allowed
}

bounds := {
	"timeoutMs": [900000, "/spec/limits/timeout", "limits.timeout"],
	"maxAttempts": [10, "/spec/limits/maxAttempts", "limits.max-attempts"],
	"concurrency": [1000, "/spec/limits/concurrency", "limits.concurrency"],
	"cpuMillis": [4000, "/spec/resources/cpu", "resources.cpu"],
	"memoryBytes": [2147483648, "/spec/resources/memory", "resources.memory"],
}

test_every_amount_has_its_bound if {
	every name, bound in bounds {
		at := templates.decision with input as over(name, bound[0])
		at.allowed
		refused(over(name, bound[0] + 1), bound[1], bound[2])
	}
}

test_warm_sandboxes_are_bounded if {
	at := templates.decision with input as asked({"warm": {"min": 0, "max": 64}})
	at.allowed
	refused(asked({"warm": {"min": 0, "max": 65}}), "/spec/warm/max", "warm.max")
}

test_system_calls_stay_on_the_list if refused(asked({"sandbox": {"syscalls": "unconfined"}}), "/spec/sandbox/syscalls", "sandbox.syscalls")

test_the_sandbox_is_read_only if refused(asked({"sandbox": {"filesystem": "read-write"}}), "/spec/sandbox/filesystem", "sandbox.filesystem")

test_a_plugin_does_not_write if {
	plugin := {"name": "t", "plugin": {"permissions": {"network": [], "filesystem": "read-write"}}}
	refused(asked({"tools": [plugin]}), "/spec/tools/0/plugin/permissions/filesystem", "plugin.filesystem")
}

test_a_tool_of_a_server_has_no_plugin_rules if {
	verdict := templates.decision with input as asked({"tools": [{"name": "t", "mcp": {"server": "s", "allow": ["x"]}}]})
	verdict.allowed
}

test_secrets_beside_egress_only_warn if {
	verdict := templates.decision with input as asked({"secrets": [{"name": "K", "from": "vault:x"}], "sandbox": {"network": {"egress": ["a.example"]}}})
	verdict.allowed
	pairs(verdict) == {["/spec/secrets", "secrets.with-egress"]}
}

test_every_finding_is_told if {
	verdict := templates.decision with input as asked({"sandbox": {"filesystem": "read-write", "syscalls": "unconfined"}, "warm": {"min": 0, "max": 100}})
	verdict.rules == ["sandbox.filesystem", "sandbox.syscalls", "warm.max"]
}
