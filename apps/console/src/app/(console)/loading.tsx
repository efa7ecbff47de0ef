import { Skeleton, SkeletonRows } from "@agent-factory/ui/skeleton";
import { getMessages } from "../../i18n/server.ts";
import { pageMessages } from "../messages.ts";

export default async function Loading() {
  const messages = await getMessages(pageMessages);
  return (
    <>
      <div className="flex h-[52px] items-center border-b border-line bg-surface px-4 md:px-6">
        <Skeleton className="h-4 w-32" />
      </div>
      <div className="p-4 md:px-6 md:py-5">
        <SkeletonRows label={messages.loading} />
      </div>
    </>
  );
}
