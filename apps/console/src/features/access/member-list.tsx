"use client";
import { Badge } from "@agent-factory/ui/badge";
import { EmptyState } from "@agent-factory/ui/empty-state";
import { PageBody, PageHeader } from "@agent-factory/ui/page-header";
import { SkeletonRows } from "@agent-factory/ui/skeleton";
import { RowLink, Table } from "@agent-factory/ui/table";
import { useQuery } from "@tanstack/react-query";
import { UserRound, Users } from "lucide-react";
import type { ReactNode } from "react";
import { useFormat, useMessages } from "../../i18n/i18n.tsx";
import { useViewer } from "../../session/viewer.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { QueryProblem } from "../../trpc/failure.tsx";
import { accessMessages } from "./messages.ts";

const ROLES = ["editor", "reviewer", "manager", "operator", "admin"] as const;
type Role = (typeof ROLES)[number];

export function MemberList(): ReactNode {
  const messages = useMessages(accessMessages);
  const format = useFormat();
  const trpc = useTRPC();
  const viewer = useViewer();
  const members = useQuery(trpc.members.list.queryOptions());
  const known = (roles: readonly string[]) => ROLES.filter((role) => roles.includes(role));
  const word = (role: Role) => messages[`role_${role}`];
  return (
    <>
      <PageHeader
        title={messages.title}
        badges={
          members.data ? (
            <Badge tone="neutral" icon={null}>
              {format.number(members.data.items.length)}
            </Badge>
          ) : undefined
        }
      />
      <PageBody>
        <p className="max-w-3xl text-pretty text-ink-2">{messages.lead}</p>
        {members.data ? (
          members.data.items.length === 0 ? (
            <EmptyState icon={<Users />} title={messages.emptyTitle}>
              {messages.emptyText}
            </EmptyState>
          ) : (
            <Table
              label={messages.table}
              rows={members.data.items}
              rowKey={(member) => member.userId}
              columns={[
                {
                  key: "name",
                  header: messages.name,
                  cell: (member) => (
                    <RowLink>
                      {member.name}
                      {member.userId === viewer.user.id ? <span className="font-normal text-ink-3"> ({messages.you})</span> : null}
                    </RowLink>
                  ),
                },
                { key: "email", header: messages.email, from: "sm", cell: (member) => <span className="text-ink-2">{member.email}</span> },
                {
                  key: "roles",
                  header: messages.roles,
                  cell: (member) => (
                    <span className="flex flex-wrap gap-1">
                      {known(member.roles).map((role) => (
                        <Badge key={role} tone="neutral" icon={<UserRound aria-hidden />}>
                          {word(role)}
                        </Badge>
                      ))}
                    </span>
                  ),
                },
                {
                  key: "may",
                  header: messages.may,
                  from: "md",
                  cell: (member) => (
                    <span className="text-ink-2">
                      {known(member.roles)
                        .map((role) => messages[`does_${role}`])
                        .join("; ")}
                    </span>
                  ),
                },
              ]}
            />
          )
        ) : members.isError ? (
          <QueryProblem title={messages.problem} error={members.error} retry={() => void members.refetch()} />
        ) : (
          <SkeletonRows label={messages.loading} rows={5} />
        )}
      </PageBody>
    </>
  );
}
