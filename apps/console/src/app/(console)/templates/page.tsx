import type { ReactNode } from "react";
import { TemplatesScreen } from "./templates-screen.tsx";

export default function Page(): ReactNode {
  return <TemplatesScreen />;
}
