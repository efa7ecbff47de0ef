"use client";
import { ShieldAlert, ShieldCheck } from "lucide-react";
import type { ReactNode } from "react";
import { type Format, useFormat, useMessages } from "../../i18n/i18n.tsx";
import { type Host, isRevoked, poolOf } from "./host-view.ts";
import { fleetMessages } from "./messages.ts";

/** What this host proved, property by property with its evidence, and what it is made of. */
export function HostDetails({ host }: { host: Host }): ReactNode {
  const messages = useMessages(fleetMessages);
  const format = useFormat();
  return (
    <div className="grid gap-x-8 gap-y-5 px-4 py-4 whitespace-normal lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
      <section aria-label={messages.proof}>
        <h3 className="font-semibold">{messages.proof}</h3>
        {host.proof === null ? (
          <p className="mt-1 text-ink-2">{messages.proofNone}</p>
        ) : (
          <>
            <p className="mt-0.5 text-sm text-ink-3">
              {messages.proofText(host.proof.driver, host.proof.cgroup, host.proof.uid)}{" "}
              {messages.provenAt(format.relative(new Date(host.proof.provenAt)))}.
            </p>
            <ul className="mt-2 grid gap-x-6 xl:grid-cols-2">
              {host.proof.properties.map((property) => (
                <li key={property.name} className="flex gap-2.5 border-b border-line py-2">
                  {property.held ? (
                    <ShieldCheck aria-hidden className="mt-0.5 size-4 shrink-0 text-healthy" />
                  ) : (
                    <ShieldAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-warning" />
                  )}
                  <div className="min-w-0">
                    <p>
                      <span className="font-medium">{messages[`property_${property.name}`]}</span>{" "}
                      <span className={property.held ? "text-healthy" : "text-warning"}>
                        {property.held ? messages.held : messages.notHeld}
                      </span>
                    </p>
                    <p lang="en" className="font-mono text-xs break-words text-ink-3">
                      {property.evidence}
                    </p>
                  </div>
                </li>
              ))}
            </ul>
          </>
        )}
      </section>
      <section aria-label={messages.facts}>
        <h3 className="font-semibold">{messages.facts}</h3>
        <dl className="mt-1.5 grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1.5">
          {poolFactsOf(host, messages, format).map(([name, value]) => (
            // What the table has no room for there.
            <div key={name} className="contents lg:hidden">
              <dt className="text-ink-3">{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
          {factsOf(host, messages, format).map(([name, value]) => (
            <div key={name} className="contents">
              <dt className="text-ink-3">{name}</dt>
              <dd className="break-words">{value}</dd>
            </div>
          ))}
        </dl>
      </section>
    </div>
  );
}

type Facts = readonly (readonly [string, string])[];

function poolFactsOf(host: Host, messages: (typeof fleetMessages)["en"], format: Format): Facts {
  const pool = poolOf(host);
  if (isRevoked(host) || pool === null) return [];
  const { warm, warmTarget, hits, starts, handOutMsP50, handOutMsP99 } = pool;
  const latency = (ms: number | null) => (ms === null ? "–" : format.durationMs(ms));
  return [
    [messages.slots, messages.slotsFree(host.slotsFree, host.slotsTotal)],
    [messages.warm, messages.warmOf(warm, warmTarget)],
    ...(starts === 0 ? [] : [[messages.hitRate, format.percent(hits / starts)] as const]),
    ...(handOutMsP50 === null ? [] : [[messages.handOut, `${latency(handOutMsP50)} / ${latency(handOutMsP99)}`] as const]),
  ];
}

function factsOf(host: Host, messages: (typeof fleetMessages)["en"], format: Format): Facts {
  const { inventory, pool } = host;
  const known = (parts: readonly (string | null | undefined)[]) =>
    parts.filter((part): part is string => typeof part === "string" && part !== "").join(" · ");
  const memory = known([
    inventory.memoryBytes === undefined ? null : format.bytes(inventory.memoryBytes),
    pool.memoryBytesFree === undefined ? null : messages.memoryFree(format.bytes(pool.memoryBytesFree)),
  ]);
  const system = known([
    inventory.os,
    inventory.arch,
    inventory.node === undefined ? null : `Node ${inventory.node}`,
    inventory.cpus === undefined ? null : messages.cpus(inventory.cpus),
  ]);
  return [
    ...(host.stateReason === null ? [] : [[messages.reason, host.stateReason] as const]),
    [messages.agent, host.agentVersion ?? messages.unknown],
    [messages.system, system === "" ? messages.unknown : system],
    [messages.memory, memory === "" ? messages.unknown : memory],
    [messages.load, pool.load1 === undefined ? messages.unknown : format.number(pool.load1, { maximumFractionDigits: 2 })],
    [
      messages.gpus,
      (inventory.gpus ?? []).length === 0
        ? messages.noGpus
        : (inventory.gpus ?? []).map((gpu) => `${gpu.name} (${format.bytes(gpu.memoryBytes)})`).join(", "),
    ],
    [
      messages.certificate,
      host.certificateNotAfter === null ? messages.unknown : messages.certificateUntil(format.dateTime(host.certificateNotAfter)),
    ],
    [messages.clock, host.clockSkewMs === null ? messages.unknown : messages.clockOff(format.durationMs(Math.abs(host.clockSkewMs)))],
    [
      messages.labels,
      Object.keys(host.labels).length === 0
        ? messages.none
        : Object.entries(host.labels)
            .map(([key, value]) => `${key}=${value}`)
            .join(", "),
    ],
  ];
}
