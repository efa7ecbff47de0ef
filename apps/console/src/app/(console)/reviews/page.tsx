import type { Metadata } from "next";
import type { ReactNode } from "react";
import { ReviewQueue } from "../../../features/reviews/review-queue.tsx";
import { getMessages } from "../../../i18n/server.ts";
import { pageMessages } from "../../messages.ts";

export async function generateMetadata(): Promise<Metadata> {
  return { title: (await getMessages(pageMessages)).reviews };
}

export default function Page(): ReactNode {
  return <ReviewQueue />;
}
