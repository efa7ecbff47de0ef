"use client";
import type { ChartSeries } from "@agent-factory/ui/chart";
import { ChartFrame } from "@agent-factory/ui/chart-frame";
import { Select } from "@agent-factory/ui/field";
import { Skeleton } from "@agent-factory/ui/skeleton";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { activityMessages } from "./activity-messages.ts";

const HEIGHT = 132;
const AGAIN_MS = 10_000;

/** How much ran and how it ended, over a day or a week. Fails silently: the list below says what is wrong. */
export function RunActivity({ templateName }: { templateName: string | undefined }): ReactNode {
  const messages = useMessages(activityMessages);
  const format = useFormat();
  const trpc = useTRPC();
  const [span, setSpan] = useState<"day" | "week">("day");
  const query = { span, ...(templateName === undefined ? {} : { templateName }) };
  const activity = useQuery(trpc.runs.activity.queryOptions(query, { placeholderData: keepPreviousData, refetchInterval: AGAIN_MS }));
  if (activity.isError) return null;
  if (activity.isPending) return <Skeleton className="h-[191px] w-full rounded-md" />;
  const series: ChartSeries[] = [
    { key: "succeeded", label: messages.succeeded, colour: "healthy" },
    { key: "failed", label: messages.failed, colour: "breached" },
    { key: "cancelled", label: messages.cancelled, colour: "unknown" },
    { key: "underWay", label: messages.underWay, colour: "series-1" },
  ];
  return (
    <ChartFrame
      title={messages.title}
      words={messages}
      height={HEIGHT}
      series={series}
      points={activity.data.buckets.map(({ from, counts }) => ({ at: from, values: counts }))}
      formatAxis={(at) => (span === "day" ? format.hour(at) : format.day(at))}
      formatAt={format.dateTime}
      formatValue={(value) => format.number(value)}
      actions={
        <Select
          label={messages.span}
          value={span}
          onValueChange={setSpan}
          options={[
            { value: "day" as const, label: messages.span_day },
            { value: "week" as const, label: messages.span_week },
          ]}
        />
      }
    />
  );
}
