import type { ReactNode } from "react";
import { RunList } from "../../../features/runs/run-list.tsx";

export default function Page(): ReactNode {
  return <RunList />;
}
