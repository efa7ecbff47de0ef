# What a template may ask for. Limits, severities and sentences are data (templates/data.json); this file says how they are read.
#
# input: { "manifest": as written, "measured": { "timeoutMs", "maxAttempts", "concurrency", "cpuMillis", "memoryBytes" } }
# A finding of severity "error" refuses a try and a publication; a "warning" is shown. Draft texts are saved whatever is found.
package templates

# METADATA
# description: The verdict, the rules broken, and each finding with its place in the manifest.
# entrypoint: true
decision := {"allowed": allowed, "rules": rules, "findings": findings}

default allowed := false

# Without a manifest there is nothing to allow.
allowed if {
	is_object(input.manifest.spec)
	is_object(input.measured)
	count([1 | some finding in findings; finding.severity == "error"]) == 0
}

rules := sort({finding.rule | some finding in findings})

findings := [finding |
	some broken in sort([[pointer, rule] | some [pointer, rule] in found])
	rule := data.templates.catalogue[broken[1]]
	finding := {"rule": broken[1], "pointer": broken[0], "severity": rule.severity, "message": rule.message}
]

limits := data.templates.bounds

spec := input.manifest.spec

# Every list of hosts that may be reached, with where it stands.
reach contains ["/spec/sandbox/network/egress", spec.sandbox.network.egress]

reach contains [concat("", ["/spec/tools/", format_int(at, 10), "/plugin/permissions/network"]), tool.plugin.permissions.network] if {
	some at, tool in spec.tools
}

found contains [concat("/", [pointer, format_int(at, 10)]), "egress.no-wildcard"] if {
	some [pointer, hosts] in reach
	some at, host in hosts
	contains(host, "*")
}

found contains [pointer, "egress.too-many-hosts"] if {
	some [pointer, hosts] in reach
	count(hosts) > limits.egressHosts
}

found contains ["/spec/limits/timeout", "limits.timeout"] if input.measured.timeoutMs > limits.timeoutMs

found contains ["/spec/limits/maxAttempts", "limits.max-attempts"] if input.measured.maxAttempts > limits.maxAttempts

found contains ["/spec/limits/concurrency", "limits.concurrency"] if input.measured.concurrency > limits.concurrency

found contains ["/spec/resources/cpu", "resources.cpu"] if input.measured.cpuMillis > limits.cpuMillis

found contains ["/spec/resources/memory", "resources.memory"] if input.measured.memoryBytes > limits.memoryBytes

found contains ["/spec/warm/max", "warm.max"] if spec.warm.max > limits.warmMax

found contains ["/spec/sandbox/syscalls", "sandbox.syscalls"] if spec.sandbox.syscalls != "default"

found contains ["/spec/sandbox/filesystem", "sandbox.filesystem"] if spec.sandbox.filesystem != "read-only"

found contains [concat("", ["/spec/tools/", format_int(at, 10), "/plugin/permissions/filesystem"]), "plugin.filesystem"] if {
	some at, tool in spec.tools
	not tool.plugin.permissions.filesystem in {"none", "read-only"}
	tool.plugin
}

# What may read a secret and may reach out can carry it out: somebody should look at it.
found contains ["/spec/secrets", "secrets.with-egress"] if {
	count(spec.secrets) > 0
	some [_, hosts] in reach
	count(hosts) > 0
}
