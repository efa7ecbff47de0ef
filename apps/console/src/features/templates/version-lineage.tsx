"use client";
import { Panel } from "@agent-factory/ui/panel";
import Link from "next/link";
import type { ReactNode } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import { type LineageRow, lanesOf } from "./lineage.ts";
import type { TemplateView, VersionRow } from "./template-view.ts";
import { versionMessages } from "./version-messages.ts";
import { VersionState } from "./version-state.tsx";

const LANE_PX = 14;
const ROW_PX = 32;

/** Where each version came from: lanes for the eye, and the same as a list in words. */
export function VersionLineage({ template }: { template: TemplateView }): ReactNode {
  const messages = useMessages(versionMessages);
  const { rows, width } = lanesOf(template.versions);
  const byName = new Map(template.versions.map((version) => [version.semver, version]));
  return (
    <Panel title={messages.lineage}>
      <ol className="-my-1 max-h-[416px] overflow-y-auto">
        {rows.map((row) => {
          const version = byName.get(row.semver);
          return version ? (
            <li key={row.semver} className="flex items-center gap-2" style={{ height: ROW_PX }}>
              <Lanes row={row} width={width} state={version.state} />
              <Link
                href={`/templates/${template.name}/versions/${row.semver}`}
                aria-label={
                  row.parentSemver === null ? messages.lineageFirst(row.semver) : messages.lineageOf(row.semver, row.parentSemver)
                }
                className="rounded-sm font-mono hover:underline"
              >
                {row.semver}
              </Link>
              {version.state === "published" ? null : <VersionState state={version.state} />}
              <span aria-hidden className="ml-auto truncate text-sm text-ink-3">
                {row.parentSemver === null ? messages.first : messages.from(row.parentSemver)}
              </span>
            </li>
          ) : null;
        })}
      </ol>
    </Panel>
  );
}

function Lanes({ row, width, state }: { row: LineageRow; width: number; state: VersionRow["state"] }): ReactNode {
  const x = (lane: number) => lane * LANE_PX + LANE_PX / 2;
  const middle = ROW_PX / 2;
  const dot = {
    published: "fill-accent stroke-accent",
    deprecated: "fill-surface stroke-warning",
    revoked: "fill-surface stroke-breached",
  }[state];
  return (
    <svg aria-hidden="true" width={width * LANE_PX} height={ROW_PX} className="shrink-0 fill-none stroke-line-strong" strokeWidth={1.5}>
      {row.entering.map(({ from, to }) => (
        <path key={from} d={from === to ? `M${x(from)} 0V${middle}` : `M${x(from)} 0C${x(from)} ${middle} ${x(to)} 0 ${x(to)} ${middle}`} />
      ))}
      {row.leaving.map((lane) => (
        <path key={lane} d={`M${x(lane)} ${middle}V${ROW_PX}`} />
      ))}
      <circle cx={x(row.lane)} cy={middle} r={4} className={dot} strokeWidth={2} />
    </svg>
  );
}
