import { z } from "zod";
import { channelName } from "../channels.ts";
import { name, printable } from "../templates.ts";
import { operation, time } from "./route.ts";

const end = z.object({ semver: z.string(), state: z.string() }).nullable();

export const channelOperations = [
  operation({
    id: "channels.list",
    method: "GET",
    path: "/v1/channels",
    summary: "Channels, what each resolves to, and the rollout under way",
    action: "channels.read",
    query: z.object({ template: name.optional() }),
    reply: z.object({
      items: z.array(
        z.object({
          templateName: z.string(),
          name: z.string(),
          stable: end,
          canary: end,
          canaryWeightPercent: z.number(),
          rollout: z.object({ number: z.int(), state: z.string() }).nullable(),
          updatedAt: time,
        }),
      ),
    }),
    run: (domain, caller, { query }) => domain.channels.list(caller, { templateName: query.template }),
  }),
  operation({
    id: "channels.resolve",
    method: "GET",
    path: "/v1/templates/{name}/channels/{channel}/resolve",
    summary: "The version that a key meets on a channel now; at most two seconds old",
    action: "channels.read",
    params: z.object({ name, channel: channelName }),
    query: z.object({ key: printable.min(1).max(200) }),
    reply: z.object({ versionId: z.uuid(), cohort: z.enum(["baseline", "canary"]).nullable().describe("Null outside rollouts.") }),
    failures: ["channels.missing", "channels.no-valid-version"],
    run: (domain, caller, { params, query }) =>
      domain.channels.resolveCached(caller, { templateName: params.name, channel: params.channel, key: query.key }),
  }),
] as const;
