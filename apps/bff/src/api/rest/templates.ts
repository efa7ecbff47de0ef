import { z } from "zod";
import { name, printable, semver } from "../templates.ts";
import { cursor, nextCursor, operation, time } from "./route.ts";

const state = z.enum(["published", "deprecated", "revoked"]);
const version = z.object({
  semver: z.string(),
  digest: z.string().describe("sha256 of the canonical manifest: what was approved, signed and logged."),
  state,
  signed: z.boolean().describe("Hosts run nothing that is not signed."),
  publishedAt: time,
});

export const templateOperations = [
  operation({
    id: "templates.list",
    method: "GET",
    path: "/v1/templates",
    summary: "Templates of the tenant, by name",
    action: "templates.list",
    query: z.object({ query: printable.max(200).optional().describe("Words that name, title, description or owner hold."), cursor }),
    reply: z.object({
      items: z.array(
        z.object({
          name: z.string(),
          title: z.string(),
          description: z.string(),
          owner: z.string(),
          labels: z.record(z.string(), z.string()),
          latest: z.object({ semver: z.string(), publishedAt: time }).nullable(),
        }),
      ),
      nextCursor,
    }),
    run: (domain, caller, { query }) => domain.views.templates.list(caller, query),
  }),
  operation({
    id: "templates.get",
    method: "GET",
    path: "/v1/templates/{name}",
    summary: "One template and its versions, newest first",
    action: "templates.read",
    params: z.object({ name }),
    reply: z.object({ name: z.string(), title: z.string(), description: z.string(), owner: z.string(), versions: z.array(version) }),
    failures: ["templates.missing"],
    run: (domain, caller, { params }) => domain.views.templates.get(caller, params),
  }),
  operation({
    id: "templates.getVersion",
    method: "GET",
    path: "/v1/templates/{name}/versions/{semver}",
    summary: "One version, with the manifest as its author wrote it",
    action: "templates.read",
    params: z.object({ name, semver }),
    reply: z.object({ semver: z.string(), digest: z.string(), state, source: z.string(), publishedAt: time }),
    failures: ["templates.version-missing"],
    run: (domain, caller, { params }) => domain.templates.getVersion(caller, params),
  }),
  operation({
    id: "templates.resolve",
    method: "GET",
    path: "/v1/templates/{name}/resolve",
    summary: "The version that a semver range names now",
    action: "templates.read",
    params: z.object({ name }),
    query: z.object({ range: printable.max(100).describe("`latest`, an exact version, or a range such as `^1.2`.") }),
    reply: z.object({ semver: z.string(), digest: z.string() }),
    failures: ["templates.missing", "templates.range-invalid", "templates.no-version"],
    run: (domain, caller, { params, query }) => domain.templates.resolve(caller, { ...params, ...query }),
  }),
] as const;
