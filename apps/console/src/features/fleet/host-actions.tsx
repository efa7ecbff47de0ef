"use client";
import { IconButton } from "@agent-factory/ui/button";
import { Menu, MenuItem, MenuSeparator } from "@agent-factory/ui/menu";
import { toast } from "@agent-factory/ui/toast";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Ban, CirclePause, Ellipsis, Hourglass, Play } from "lucide-react";
import dynamic from "next/dynamic";
import { type ReactNode, useState } from "react";
import { useMessages } from "../../i18n/i18n.tsx";
import { useViewer } from "../../session/viewer.tsx";
import { useTRPC } from "../../trpc/client.tsx";
import { useFailureToast } from "../../trpc/failure-toast.ts";
import type { HostAct } from "./host-dialog.tsx";
import { type Host, isRevoked } from "./host-view.ts";
import { fleetMessages } from "./messages.ts";

const HostDialog = dynamic(() => import("./host-dialog.tsx").then((loaded) => loaded.HostDialog), { ssr: false });

/** What can be done with a host. What cannot be done now stays in the menu and says why. */
export function HostActions({ host }: { host: Host }): ReactNode {
  const messages = useMessages(fleetMessages);
  const sayFailed = useFailureToast(messages.failed(host.name));
  const viewer = useViewer();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const [asking, setAsking] = useState<HostAct | null>(null);
  const done = {
    onSuccess: () => queryClient.invalidateQueries(trpc.fleet.list.queryFilter()),
    onError: sayFailed,
  };
  const uncordon = useMutation(
    trpc.fleet.uncordon.mutationOptions({
      ...done,
      onSuccess: () => {
        toast.success(messages.doneUncordon(host.name));
        return done.onSuccess();
      },
    }),
  );

  const notOurs = host.platform ? messages.whyPlatform : isRevoked(host) ? messages.whyRevoked : undefined;
  const inState = (...states: Host["state"][]) =>
    states.includes(host.state) ? undefined : host.state === "lost" ? messages.whyLost : messages.whyState(messages[`state_${host.state}`]);
  const why = (action: "fleet.cordon" | "fleet.drain" | "fleet.revoke", state?: string) => viewer.can(action).reason ?? notOurs ?? state;

  return (
    <>
      <Menu
        trigger={
          <IconButton label={messages.actionsOf(host.name)} size="sm">
            <Ellipsis aria-hidden />
          </IconButton>
        }
      >
        {host.state === "cordoned" || host.state === "draining" || host.state === "drained" ? (
          <MenuItem icon={<Play aria-hidden />} onSelect={() => uncordon.mutate({ hostId: host.id })} disabledReason={why("fleet.cordon")}>
            {messages.uncordon}
          </MenuItem>
        ) : (
          <MenuItem
            icon={<CirclePause aria-hidden />}
            onSelect={() => setAsking("cordon")}
            disabledReason={why("fleet.cordon", inState("ready", "enrolling"))}
          >
            {messages.cordon}
          </MenuItem>
        )}
        <MenuItem
          icon={<Hourglass aria-hidden />}
          onSelect={() => setAsking("drain")}
          disabledReason={why("fleet.drain", inState("ready", "cordoned", "enrolling"))}
        >
          {messages.drain}
        </MenuItem>
        <MenuSeparator />
        <MenuItem tone="danger" icon={<Ban aria-hidden />} onSelect={() => setAsking("revoke")} disabledReason={why("fleet.revoke")}>
          {messages.revoke}
        </MenuItem>
      </Menu>
      {asking === null ? null : (
        <HostDialog act={asking} host={host} onClose={() => setAsking(null)} onUndo={() => uncordon.mutate({ hostId: host.id })} />
      )}
    </>
  );
}
