// Generated from policies/access/data.json by `npm run policies`.

/** Every action and the roles that may do it. Decisions are made by the policy; this table types actions and names who could. */
export const ACTIONS = {
  "archives.read": ["editor", "reviewer", "manager", "operator", "admin", "ci", "system"],
  "archives.upload": ["editor", "admin", "ci", "system"],
  "audit.read": ["reviewer", "manager", "operator", "admin"],
  "drafts.create": ["editor", "admin", "system"],
  "drafts.discard": ["editor", "admin"],
  "drafts.read": ["editor", "reviewer", "manager", "operator", "admin", "system"],
  "drafts.save": ["editor", "admin", "system"],
  "fleet.cordon": ["operator", "admin"],
  "fleet.drain": ["operator", "admin"],
  "fleet.enrol": ["operator", "admin", "system"],
  "fleet.read": ["editor", "reviewer", "manager", "operator", "admin", "system"],
  "fleet.revoke": ["operator", "admin"],
  "members.add": ["system"],
  "members.read": ["editor", "reviewer", "manager", "operator", "admin", "system"],
  "runs.cancel": ["editor", "operator", "admin", "system"],
  "runs.list": ["editor", "reviewer", "manager", "operator", "admin", "ci", "system"],
  "runs.read": ["editor", "reviewer", "manager", "operator", "admin", "ci", "system"],
  "runs.try": ["editor", "operator", "admin", "system"],
  "session.read": ["member", "ci"],
  "templates.create": ["editor", "admin", "system"],
  "templates.list": ["editor", "reviewer", "manager", "operator", "admin", "ci", "system"],
  "templates.publish": ["system"],
  "templates.read": ["editor", "reviewer", "manager", "operator", "admin", "ci", "system"],
  "tenants.create": ["system"],
} as const satisfies Record<string, readonly string[]>;

export type Action = keyof typeof ACTIONS;
